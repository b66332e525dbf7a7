// Takes the place of the service worker where the profile has none any more: goes, and empties its caches.
const PREFIX = "adherents-offline-";
const leave = async () => {
  await self.registration.unregister();
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
  await Promise.all(names.map((name) => caches.delete(name)));
};
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(leave()));
