// Each file goes as soon as it is chosen, and goes on after a lost connection (tus). Without this, the form sends them.
const parts = window.sending;
const form = document.querySelector("form[data-sending]");
if (form && window.tus?.isSupported) begin(form);

function begin(form) {
  const settings = JSON.parse(document.getElementById("sending").textContent);
  form.dataset.sending = "on";
  const page = parts.page(form, () => ({ count: entries.total() - gathering.fewer(), isLeaving: last.isLeaving() }));
  const guard = parts.guard(form);
  const gathering = parts.gathering(form, { settings, page });
  const entries = parts.entries(form, { settings, page, gathering });
  const last = parts.leaving(form, { settings, page, guard, isReady: () => entries.total() > 0 });
  const submitting = parts.submitting(form, { settings, page, entries, gathering, last });
  const keep = parts.keeping(form, { settings, entries, guard });
  const queue = parts.queue({ settings, page, entries, guard, keep, over: submitting.over });
  const remove = parts.removing(form, { settings, page, entries, guard, last, next: queue.next });
  parts.waysIn(form, parts.adding(form, { settings, page, entries, queue, remove, submitting }));
  entries.showPhotos();
}
