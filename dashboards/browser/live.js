/*
 * Makes a page live: it is complete without this. New content is fetched as the whole page and laid over the old one
 * node by node, so that focus, scrolling and what the reader has typed stay where they are.
 */
const MIN_PAUSE_MS = 2_000;
const region = document.querySelector('[data-live]');
const badge = document.getElementById('live');
const form = document.getElementById('tools');

document.documentElement.classList.add('scripted');

/** Lays `to` over `from`. Children with a key are found again by it; the others by their place. */
function morph(from, to) {
  // What a script of ours fills is not the server's to change.
  if (from.dataset?.own !== undefined || from.isEqualNode(to)) return;
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) {
    from.replaceWith(to);
    return;
  }
  if (from.nodeType !== Node.ELEMENT_NODE) {
    from.nodeValue = to.nodeValue;
    return;
  }
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  const keyed = new Map();
  for (const child of from.children) if (child.dataset?.key) keyed.set(child.dataset.key, child);
  let place = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const known = wanted.dataset?.key ? keyed.get(wanted.dataset.key) : place;
    if (known === undefined || known === null) {
      from.insertBefore(wanted, place);
      continue;
    }
    const next = known === place ? place.nextSibling : place;
    if (known !== place) from.insertBefore(known, place);
    morph(known, wanted);
    place = next;
  }
  while (place !== null) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** "12 s ago" for instants of the last hour; the exact time stays in the title. */
function relative(root, now) {
  for (const time of root.querySelectorAll('time:not([data-exact])')) {
    const seconds = Math.round((now - Date.parse(time.dateTime)) / 1000);
    if (seconds < 0 || seconds >= 3600) continue;
    const text = seconds < 60 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`;
    if (time.textContent !== text) time.textContent = text;
  }
}

let wanted = null;
let stream = null;
async function load() {
  wanted?.abort();
  const request = new AbortController();
  wanted = request;
  try {
    const response = await fetch(location.href, { signal: request.signal, headers: { accept: 'text/html' } });
    if (!response.ok) {
      say('lost', 'Out of date');
      return;
    }
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const next = page.querySelector('[data-live]');
    if (next === null || request.signal.aborted) return;
    relative(next, Date.now());
    document.title = page.title;
    morph(region, next);
    document.dispatchEvent(new Event('fresh'));
    if (stream?.readyState === EventSource.OPEN) say('live', 'Live');
  } catch (error) {
    if (error.name !== 'AbortError') say('lost', 'Not connected');
  }
}

function say(state, text) {
  if (badge.textContent === text) return;
  badge.dataset.state = state;
  badge.textContent = text;
}

function listen() {
  stream = new EventSource(region.dataset.live);
  let lastAt = 0;
  let timer = null;
  const refresh = () => {
    timer = null;
    lastAt = Date.now();
    load();
  };
  stream.addEventListener('open', () => say('live', 'Live'));
  stream.addEventListener('error', () => say('lost', 'Not connected'));
  stream.addEventListener('edition', () => {
    if (document.hidden || timer !== null) return;
    timer = setTimeout(refresh, Math.max(0, lastAt + MIN_PAUSE_MS - Date.now()));
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) refresh();
  });
  addEventListener('pagehide', () => stream.close());
}

/** The form becomes the address, so that what is seen can be shared; the server does the choosing. */
function follow() {
  const address = new URL(location.pathname, location.href);
  for (const [name, value] of new FormData(form)) {
    if (value !== '' && !(name === 'sort' && value === 'name')) address.searchParams.set(name, value);
  }
  if (address.href === location.href) return;
  history.replaceState(null, '', address);
  load();
}

if (form !== null) {
  let pause = null;
  form.addEventListener('input', () => {
    clearTimeout(pause);
    pause = setTimeout(follow, 120);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    follow();
  });
  document.addEventListener('keydown', (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.nodeName ?? '');
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    form.elements.q.focus();
    form.elements.q.select();
  });
}

/** Choosing a span changes the address and the content, not the place where the reader is. */
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('.picker a');
  if (!link || region === null || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.pushState(null, '', link.href);
  load();
});
addEventListener('popstate', () => {
  if (region !== null) load();
});

/** Pages print times of the zone they state; what a clock on the reader's wall showed is told at the pointer. */
document.addEventListener('pointerover', (event) => {
  const time = event.target.closest?.('time[datetime]');
  if (!time || time.title.includes(' your time')) return;
  const own = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' });
  const said = [time.title, `${own.format(Date.parse(time.dateTime))} your time`];
  time.title = said.filter((one) => one !== '').join(', ');
});

relative(document, Date.now());
setInterval(() => relative(document, Date.now()), 1_000);
if (region !== null && region.dataset.live !== '') listen();
