// A room chat the usual way: Socket.IO, MongoDB with majority writes, a unique index against doubles, numbers in order.
import { createServer } from "node:http";
import jwt from "jsonwebtoken";
import { MongoClient } from "mongodb";
import { Server } from "socket.io";

const majority = { writeConcern: { w: "majority", j: true } };
const client = await new MongoClient(process.env.MONGO_URL, { maxPoolSize: 100 }).connect();
const db = client.db("peer");
const messages = db.collection("messages", majority);
const rooms = db.collection("rooms", majority);
await messages.createIndex({ room: 1, sender: 1, client_id: 1 }, { unique: true });
await messages.createIndex({ room: 1, number: 1 }, { unique: true });

const http = createServer((request, response) => response.end("ok"));
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });

io.use((socket, next) => {
  try {
    socket.data.who = jwt.verify(socket.handshake.auth.token, process.env.JWT_SECRET, { algorithms: ["HS256"], audience: process.env.JWT_AUDIENCE });
    next();
  } catch (error) {
    next(error);
  }
});

// The number is taken first and the message written under it; a double gives the first message's ack.
async function store(sender, { room, client_id, text }) {
  const before = await messages.findOne({ room, sender, client_id });
  if (before) return { ...before, duplicate: true };
  const { number } = await rooms.findOneAndUpdate({ _id: room }, { $inc: { number: 1 } }, { upsert: true, returnDocument: "after" });
  const message = { room, sender, client_id, text, number, ts: Date.now() };
  await messages.insertOne(message);
  return message;
}

io.on("connection", (socket) => {
  socket.on("subscribe", async (message, answer) => {
    await socket.join(message.channel);
    answer({ type: "subscribed", re: message.id, channel: message.channel });
  });
  socket.on("chat.send", async (message, answer) => {
    try {
      const stored = await store(socket.data.who.sub, message);
      if (!stored.duplicate) io.to(`room:${message.room}`).emit("chat.message", { type: "chat.message", ...stored });
      answer({ type: "chat.ack", re: message.id, number: stored.number });
    } catch (error) {
      answer({ type: "error", re: message.id, code: String(error.code ?? error) });
    }
  });
});
http.listen(Number(process.env.PORT), "127.0.0.1");
