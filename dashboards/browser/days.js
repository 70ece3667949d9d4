/*
 * Says what a day of a row of ninety was, to the pointer and to the arrow keys. The numbers are asked for when somebody
 * looks: hundreds of rows would carry them in vain.
 */
{
  const DAY_MS = 86_400_000;
  const narrow = '\u202f';
  const WORDS = { good: 'no failure', bad: 'failed', none: 'not measured' };
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.setAttribute('role', 'status');
  tip.dataset.quiet = '';
  document.body.append(tip);

  const known = new Map();
  let shown = null;

  const pathOf = (row) =>
    (row.closest('.cell')?.querySelector('a.state') ?? { pathname: location.pathname }).pathname;

  /** The days of a target, by their number since 1970; asked for once a minute at most. */
  function daysOf(row) {
    const path = pathOf(row);
    const before = known.get(path);
    if (before !== undefined && Date.now() - before.at < 60_000) return before.days;
    const days = fetch(`/api/v1${path}?span=90d`, { headers: { accept: 'application/json' } })
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((view) => (view === null ? null : byDay(view)))
      .catch(() => null);
    known.set(path, { at: Date.now(), days });
    return days;
  }

  function byDay({ buckets, incidents }) {
    const days = new Map();
    for (const { fromAt, good, bad, notRun, counting } of buckets)
      days.set(Math.floor(fromAt / DAY_MS), { good, bad, notRun, counting });
    return { days, incidents, last: Math.floor((buckets.at(-1).toAt - 1) / DAY_MS) };
  }

  /** The incidents that touched a day, by name; of many the longest. */
  function incidentsOf(incidents, no) {
    const [fromAt, toAt] = [no * DAY_MS, (no + 1) * DAY_MS];
    const within = ({ startedAt, closedAt }) =>
      Math.min(closedAt ?? toAt, toAt) - Math.max(startedAt, fromAt);
    const own = incidents
      .filter(({ startedAt, closedAt }) => startedAt < toAt && (closedAt === null || closedAt >= fromAt))
      .sort((a, b) => within(b) - within(a));
    const named = own.slice(0, 3).map(({ label, place }) => `${label}: ${place}`);
    return own.length > 3 ? [...named, `and ${own.length - 3} more incidents`] : named;
  }

  const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, narrow);
  const date = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'UTC',
    weekday: 'short',
    day: 'numeric',
    month: 'short',
  });

  function textOf({ days, last }, index, length) {
    const no = last - (length - 1 - index);
    const day = days.get(no);
    const name = date.format(no * DAY_MS);
    if (day?.counting) return `${name} (UTC): still being counted`;
    if (day === undefined || day.good + day.bad === 0) {
      return `${name} (UTC): ${WORDS.none}${day?.notRun ? `, ${count(day.notRun)} ticks did not run` : ''}`;
    }
    const all = day.good + day.bad;
    const share = Math.floor((day.good * 10_000) / all) / 100;
    const failed = day.bad === 0 ? WORDS.good : `${count(day.bad)} ${WORDS.bad}`;
    return `${name} (UTC): ${share}${narrow}% of ${count(all)}, ${failed}`;
  }

  const lengthOf = (row) => row.viewBox.baseVal.width / 4;

  async function show(row, index) {
    shown = { row, index };
    const found = await daysOf(row);
    if (shown?.row !== row || shown.index !== index) return;
    if (found === null) return hide();
    const length = lengthOf(row);
    const box = row.getBoundingClientRect();
    const no = found.last - (length - 1 - index);
    tip.textContent = [textOf(found, index, length), ...incidentsOf(found.incidents, no)].join('\n');
    tip.classList.add('is-shown');
    const middle = box.left + ((index + 0.5) / length) * box.width;
    const half = tip.offsetWidth / 2;
    tip.style.left = `${Math.max(8 + half, Math.min(innerWidth - half - 8, middle))}px`;
    tip.style.top = `${Math.max(8, box.top - tip.offsetHeight - 6)}px`;
  }

  function hide() {
    shown = null;
    tip.classList.remove('is-shown');
  }

  document.addEventListener('pointermove', (event) => {
    const row = event.target.closest?.('svg.days');
    if (!row) {
      if (shown !== null && !shown.row.contains(document.activeElement) && !shown.byKey) hide();
      return;
    }
    const box = row.getBoundingClientRect();
    const length = lengthOf(row);
    const index = Math.min(
      length - 1,
      Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * length)),
    );
    if (shown?.row !== row || shown.index !== index) show(row, index);
  });
  document.addEventListener('click', (event) => {
    const row = event.target.closest?.('.cell svg.days');
    if (row) location.href = pathOf(row);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hide();
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const focused = document.activeElement;
    const row = focused?.matches?.('svg.days')
      ? focused
      : focused?.matches?.('.cell a.state')
        ? focused.closest('.cell').querySelector('svg.days')
        : null;
    if (!row) return;
    event.preventDefault();
    const length = lengthOf(row);
    const from = shown?.row === row ? shown.index : length - (step < 0 ? 0 : 1);
    show(row, Math.min(length - 1, Math.max(0, from + step)));
    shown.byKey = true;
  });
  document.addEventListener('focusout', hide);
  addEventListener('scroll', hide, { passive: true });
}
