// Peer 2: Socket.IO with its Redis adapter: a room per rider, acknowledgements by callback.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { Server } from "socket.io";
import { openRedis, report, whoIs } from "./pipeline.mjs";

const redis = openRedis();
const http = createServer((request, response) => response.end("ok"));
const io = new Server(http, {
  adapter: createAdapter(openRedis(), openRedis()),
  transports: ["websocket"],
  perMessageDeflate: false,
  maxHttpBufferSize: 65536,
  serveClient: false,
});

io.use((socket, next) => {
  try {
    socket.data.who = whoIs(socket.handshake.auth.token);
    next();
  } catch (error) {
    next(error);
  }
});

io.on("connection", (socket) => {
  socket.on("subscribe", async (message, answer) => {
    await socket.join(message.channel);
    answer({ type: "subscribed", re: message.id, channel: message.channel });
  });
  socket.on("location.report", async (message, answer) => {
    const { position, ack } = await report(redis, socket.data.who.sub, message);
    if (position) io.to(position.channel).emit("position", position);
    answer(ack);
  });
});
http.listen(Number(process.env.PORT), "127.0.0.1");
