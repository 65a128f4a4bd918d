// Run once by mongosh as root: makes the replica set of one (transactions need it) and the service's own user.
const { readFileSync } = require("fs");

try {
  rs.status();
} catch (error) {
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] });
}
while (!db.hello().isWritablePrimary) sleep(200);

const home = db.getSiblingDB("ridewire");
if (!home.getUser("ridewire")) {
  const pwd = readFileSync("/run/secrets/mongo_password", "utf8").trim();
  home.createUser({ user: "ridewire", pwd, roles: [{ role: "readWrite", db: "ridewire" }] });
}
