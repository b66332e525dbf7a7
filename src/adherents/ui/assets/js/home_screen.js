// Begins the service worker that the page names, once the page is there: its look and a page for who is offline are stored.
const named = document.querySelector("link[data-worker]");
if (named && navigator.serviceWorker) {
  const begin = () => navigator.serviceWorker.register(named.dataset.worker).catch(() => {}); // a private window may refuse
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin);
}
