// The service worker: stores the look of the pages and the page for who is offline, by a list (ui/home_screen.py), and nothing else.
// Every page comes from the network: none is stored, of a member, of the desk or of anybody.
const PREFIX = "adherents-offline-";
const { name, stored } = self.release;
const NOT_OURS = /^\/(gestion|api)\//;

const store = async () => {
  const cache = await caches.open(name);
  await Promise.all(
    stored.map(async (address) => {
      const answer = await fetch(address, { credentials: "omit", redirect: "error" });
      if (!answer.ok) throw new Error(`${answer.status}: ${address}`);
      await cache.put(address, answer);
    }),
  );
  await self.skipWaiting();
};
const takeTheOldOnesPlace = async () => {
  const others = (await caches.keys()).filter((other) => other.startsWith(PREFIX) && other !== name);
  await Promise.all(others.map((other) => caches.delete(other)));
};
const kept = async (address) => (await caches.open(name)).match(address, { ignoreVary: true });
const look = async (request) => (await kept(request.url)) ?? fetch(request);
const page = async (request) => {
  try {
    return await fetch(request);
  } catch {
    return (await kept(stored[0])) ?? Response.error();
  }
};

self.addEventListener("install", (event) => event.waitUntil(store()));
self.addEventListener("activate", (event) => event.waitUntil(takeTheOldOnesPlace()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin || NOT_OURS.test(pathname)) return;
  if (stored.indexOf(pathname) > 0) event.respondWith(look(request));
  else if (request.mode === "navigate") event.respondWith(page(request));
});
