// The catalog and orders the usual way in Node: Fastify, ioredis in front of mongodb, the same documents and the same work.
import Fastify from 'fastify'
import Redis from 'ioredis'
import jwt from 'jsonwebtoken'
import { MongoClient } from 'mongodb'
import { randomUUID } from 'node:crypto'

const { REDIS_URL, MONGO_URL, MONGO_DB, JWT_SECRET, PORT } = process.env
const redis = new Redis(REDIS_URL)
const client = await new MongoClient(MONGO_URL, { writeConcern: { w: 'majority' }, readConcern: { level: 'majority' } }).connect()
const db = client.db(MONGO_DB)
const app = Fastify({ logger: false })

const cached = async (reply, key, ttl, load) => {
  const kept = await redis.get(`peer:${key}`)
  reply.header('content-type', 'application/json').header('x-cache-status', kept === null ? 'MISS' : 'HIT')
  if (kept !== null) return kept
  const body = JSON.stringify(await load())
  await redis.set(`peer:${key}`, body, 'EX', ttl)
  return body
}
const who = (request) => jwt.verify(request.headers.authorization.slice(7), JWT_SECRET, { algorithms: ['HS256'], audience: 'ridewire' })
const shown = ({ _id, vendor, ...rest }) => ({ id: _id, vendor_id: vendor, in_stock: rest.stock === null || rest.stock > 0, ...rest })
const page = async (collection, where, after, limit, show) => {
  const found = await db.collection(collection).find(after ? { ...where, _id: { $lt: after } } : where).sort({ _id: -1 }).limit(limit + 1).toArray()
  return { items: found.slice(0, limit).map(show), next: found.length > limit ? found[limit - 1]._id : null }
}

app.get('/', async () => 'up')
app.get('/api/products', (request, reply) => cached(reply, request.url, 60, () => page('products', {}, request.query.after, 50, shown)))
app.get('/api/products/:id', (request, reply) => cached(reply, request.url, 300, async () => shown(await db.collection('products').findOne({ _id: request.params.id }))))
app.get('/api/orders', (request, reply) => {
  const { sub } = who(request)
  return cached(reply, `user:orders:${sub}`, 300, () => page('orders', { customer: sub }, undefined, 50, shown))
})
app.get('/api/analytics/daily', (request, reply) => {
  const { sub } = who(request)
  return cached(reply, `analytics:daily:${sub}`, 60, async () => {
    const since = new Date(); since.setUTCHours(0, 0, 0, 0)
    const [orders, delivered] = await Promise.all([
      db.collection('orders').aggregate([{ $match: { vendor: sub, created_at: { $gte: since } } }, { $group: { _id: { status: '$status', currency: '$currency' }, n: { $sum: 1 }, total: { $sum: '$total' } } }]).toArray(),
      db.collection('deliveries').find({ vendor: sub, delivered_at: { $gte: since } }, { projection: { took_s: 1, ride_s: 1, late: 1 } }).toArray(),
    ])
    const took = delivered.map((each) => each.took_s).sort((a, b) => a - b)
    return { orders, delivered: took.length, median_s: took[took.length >> 1] ?? null, late: delivered.filter((each) => each.late).length }
  })
})
app.post('/api/orders', async (request, reply) => {
  const { sub } = who(request)
  const { vendor_id: vendor, pickup, dropoff, items } = request.body
  const id = `o${Date.now().toString(36)}${randomUUID().slice(0, 8)}`
  const now = new Date()
  const session = client.startSession()
  let order
  try {
    await session.withTransaction(async () => {
      await db.collection('order_keys').insertOne({ _id: `${sub}:${request.headers['idempotency-key']}`, order: id, at: now }, { session })
      const told = []
      for (const { product_id: product, quantity } of items) {
        const taken = await db.collection('products').findOneAndUpdate({ _id: product, vendor, stock: { $gte: quantity } }, { $inc: { stock: -quantity, rev: 1 } }, { session })
        if (taken === null) throw Object.assign(new Error('sold out'), { statusCode: 409 })
        told.push({ product_id: product, name: taken.name, quantity, price: taken.price, currency: taken.currency })
      }
      await db.collection('carts').updateOne({ _id: sub }, { $unset: Object.fromEntries(items.map((each) => [`lines.${each.product_id}`, ''])) }, { session })
      const total = told.reduce((sum, each) => sum + each.price * each.quantity, 0)
      order = { _id: id, customer: sub, vendor, pickup, dropoff, items: told, total, currency: told[0].currency, status: 'order_placed', rev: 1, created_at: now, updated_at: now }
      await db.collection('orders').insertOne(order, { session })
      await db.collection('outbox').insertOne({ _id: randomUUID(), type: 'ORDER_CREATED', data: order, at: now, waiting: true }, { session })
      for (const channel of [`order:${id}`, `vendor:${vendor}`, 'ops']) {
        const head = await db.collection('channel_heads').findOneAndUpdate({ _id: channel }, { $inc: { offset: 1 } }, { upsert: true, returnDocument: 'after', session })
        await db.collection('channel_logs').insertOne({ _id: { channel, offset: head.offset }, item: { type: 'order', order: id, status: 'order_placed' }, at: now }, { session })
      }
    })
  } finally {
    await session.endSession()
  }
  await redis.del(`peer:user:orders:${sub}`, `peer:/api/products`)
  await redis.publish(`peer:orders:new:${vendor}`, JSON.stringify({ id }))
  return reply.code(201).send(shown(order))
})
await app.listen({ port: Number(PORT), host: '127.0.0.1' })
