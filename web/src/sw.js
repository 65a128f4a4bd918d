/** The service worker: shows pushes, unless a page of ours is being looked at, and leads a click to the right page. */

import { isAt, linkOf } from "./notices/model.js";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("push", (event) => event.waitUntil(pushed(event.data?.json() ?? {})));

async function pushed(notice) {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const looked = pages.filter(({ visibilityState }) => visibilityState === "visible");
  for (const page of looked) page.postMessage({ type: "pushed", id: notice.notification_id });
  if (looked.length > 0) return;
  await registration.showNotification(notice.title ?? "Ridewire", {
    body: notice.body ?? "", tag: notice.collapse ?? notice.notification_id, renotify: Boolean(notice.collapse || notice.notification_id),
    requireInteraction: notice.priority === "critical", data: { id: notice.notification_id, link: linkOf(notice, notice.role) },
  });
}

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(followed(event.notification.data ?? {}));
});

/** The page that shows it already, else a new one: whatever else is open is left as it is, a rider's phone shares there. */
async function followed({ link = null }) {
  const pages = await clients.matchAll({ type: "window" });
  const page = link === null ? pages[0] : pages.find(({ url }) => isAt(url, link));
  return page ? page.focus() : clients.openWindow(link ?? "/");
}

/** Read elsewhere: take it off the screen. */
addEventListener("message", (event) => {
  if (event.data?.type !== "clear") return;
  const gone = new Set(event.data.ids);
  event.waitUntil(registration.getNotifications().then((shown) => shown.filter(({ data }) => gone.has(data?.id)).forEach((each) => each.close())));
});
