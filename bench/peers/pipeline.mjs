// What both peers do with a ping before they fan it out: check it, keep it, find out whether it is the newest.
import { readFileSync } from "node:fs";
import Redis from "ioredis";
import jwt from "jsonwebtoken";

const SCRIPT = readFileSync(new URL("./advance.lua", import.meta.url), "utf8");
const FURTHEST_FUTURE_MS = 60_000;
const OLDEST_MS = 7 * 86_400_000;

// Commands of one event-loop turn share a write: the cheapest way to use ioredis.
export function openRedis() {
  const redis = new Redis(process.env.REDIS_URL, { enableAutoPipelining: true });
  redis.defineCommand("advance", { numberOfKeys: 3, lua: SCRIPT });
  return redis;
}

// The token's claims; throws for a bad one.
export function whoIs(token) {
  return jwt.verify(token, process.env.JWT_SECRET, { algorithms: ["HS256"], audience: process.env.JWT_AUDIENCE });
}

// Why a point is refused, or null.
export function refusal(point, now) {
  const { seq, ts, lat, lng } = point;
  if (!Number.isInteger(seq) || !Number.isInteger(ts)) return "range";
  if (!(lat >= -85.05 && lat <= 85.05) || !(lng >= -180 && lng <= 180)) return "range";
  if (point.accuracy !== undefined && !(point.accuracy >= 0 && point.accuracy <= 5000)) return "vague";
  if (ts > now + FURTHEST_FUTURE_MS) return "future";
  return ts < now - OLDEST_MS ? "too_old" : null;
}

// Stores every valid point; answers with the newest one to show (or null) and what the rider is told.
export async function report(redis, rider, message) {
  const received = Date.now();
  const rejected = [];
  let newest = null;
  let upto = 0;
  const stored = message.points.map(async (point) => {
    upto = Math.max(upto, point.seq);
    const reason = refusal(point, received);
    if (reason) return void rejected.push({ seq: point.seq, reason });
    const kept = JSON.stringify({ rider, received, ...point });
    const isNewest = await redis.advance("newest", "places", "pings", rider, point.ts, point.lat, point.lng, kept);
    if (isNewest && (!newest || point.ts > newest.ts)) newest = point;
  });
  await Promise.all(stored);
  const position = newest && { type: "position", channel: `rider:${rider}`, rider, received, ...newest };
  return { position, ack: { type: "location.ack", re: message.id, upto, duplicates: 0, rejected, durable: "redis" } };
}
