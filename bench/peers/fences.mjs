// Fences the usual way in Node: Turf's point in polygon on what an R-tree (rbush) finds, enter and exit by comparison.
// Reads one JSON file {fences: [{id, ring}], rounds: [[rider, lng, lat]]}, prints {us_per_ping, hits, events} as JSON.
import { readFileSync } from 'node:fs'
import RBush from 'rbush'
import booleanPointInPolygon from '@turf/boolean-point-in-polygon'

const { fences, rounds, warm } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const tree = new RBush()
tree.load(fences.map(({ id, ring }) => {
  const lngs = ring.map((place) => place[0])
  const lats = ring.map((place) => place[1])
  const polygon = { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring] } }
  return {
    minX: Math.min(...lngs), minY: Math.min(...lats), maxX: Math.max(...lngs), maxY: Math.max(...lats), id, polygon,
  }
}))

const insideOf = new Map()
let hits = 0
let events = 0
const used_us = []
let counted = 0
rounds.forEach((pings, number) => {
  if (number === warm) hits = events = counted = 0
  const before = process.cpuUsage()
  for (const [rider, lng, lat] of pings) {
    const was = insideOf.get(rider) ?? new Set()
    const is = new Set()
    for (const found of tree.search({ minX: lng, minY: lat, maxX: lng, maxY: lat })) {
      if (booleanPointInPolygon([lng, lat], found.polygon)) is.add(found.id)
    }
    for (const id of is) if (!was.has(id)) events += 1
    for (const id of was) if (!is.has(id)) events += 1
    hits += is.size
    insideOf.set(rider, is)
    counted += 1
  }
  const used = process.cpuUsage(before)
  if (number >= warm) used_us.push((used.user + used.system) / pings.length)
})
const median = used_us.sort((a, b) => a - b)[Math.floor(used_us.length / 2)]
console.log(JSON.stringify({ us_per_ping: median, hits: hits / counted, events }))
