// Peer 1: the `ws` package and ioredis. One Redis script a ping, PUBLISH a position, SUBSCRIBE per watched rider.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { openRedis, report, whoIs } from "./pipeline.mjs";

const redis = openRedis();
const subscriber = openRedis();
const watchers = new Map(); // channel -> Set of sockets

subscriber.on("message", (channel, text) => {
  for (const socket of watchers.get(channel) ?? []) socket.send(text);
});

async function watch(socket, channel) {
  const others = watchers.get(channel);
  if (others) return void others.add(socket);
  watchers.set(channel, new Set([socket]));
  await subscriber.subscribe(channel);
}

async function handle(socket, message) {
  if (message.type === "auth") {
    socket.who = whoIs(message.token);
    return { type: "welcome", re: message.id, sub: socket.who.sub };
  }
  if (!socket.who) return socket.close(4408);
  if (message.type === "subscribe") {
    await watch(socket, message.channel);
    return { type: "subscribed", re: message.id, channel: message.channel };
  }
  const { position, ack } = await report(redis, socket.who.sub, message);
  if (position) redis.publish(position.channel, JSON.stringify(position));
  return ack;
}

const http = createServer((request, response) => response.end("ok"));
const server = new WebSocketServer({ server: http, path: "/ws", perMessageDeflate: false, maxPayload: 65536 });
server.on("connection", (socket) => {
  socket.on("message", async (data) => {
    try {
      const answer = await handle(socket, JSON.parse(data));
      if (answer) socket.send(JSON.stringify(answer));
    } catch {
      socket.close(4503);
    }
  });
  socket.on("close", () => watchers.forEach((sockets) => sockets.delete(socket)));
});
http.listen(Number(process.env.PORT), "127.0.0.1");
