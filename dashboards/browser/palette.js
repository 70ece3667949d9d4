/*
 * Jump to any target or page: Ctrl-K, ⌘-K, or / where no field takes it. A dialog with a combobox, after the ARIA
 * pattern: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
 */
{
  const MOST = 12;
  const FRESH_MS = 30_000;
  const opener = document.getElementById('jump');
  const dialog = document.createElement('dialog');
  dialog.className = 'palette';
  dialog.setAttribute('aria-label', 'Jump to a target or page');

  const input = document.createElement('input');
  Object.assign(input, { type: 'text', autocomplete: 'off', spellcheck: false, maxLength: 200 });
  input.placeholder = 'Jump to a model, tier or page';
  for (const [name, value] of Object.entries({
    role: 'combobox',
    'aria-label': 'Jump to',
    'aria-autocomplete': 'list',
    'aria-expanded': 'true',
    'aria-controls': 'palette-list',
  })) {
    input.setAttribute(name, value);
  }
  const list = document.createElement('ul');
  list.id = 'palette-list';
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', 'Targets and pages');
  const told = document.createElement('p');
  told.setAttribute('role', 'status');
  dialog.append(input, list, told);
  document.body.append(dialog);

  const pages = () =>
    [...document.querySelectorAll('.top nav a')].map((link) => ({
      text: link.textContent,
      more: 'page',
      state: '',
      href: link.href,
    }));
  let targets = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let problem = '';
  let shown = [];
  let active = 0;

  async function readTargets() {
    if (performance.now() - readAt < FRESH_MS) return;
    try {
      const response = await fetch('/api/v1/targets');
      if (!response.ok) throw new Error(String(response.status));
      const answer = await response.json();
      targets = answer.targets.map(({ model, tier, gateway, health, page }) => ({
        text: model,
        more: `${tier} · ${gateway}`,
        state: health,
        href: page,
      }));
      readAt = performance.now();
      problem = '';
    } catch {
      problem = 'The targets could not be read. ';
    }
    if (dialog.open) show();
  }

  /** Every word must occur; what begins with the first word comes first. */
  function found(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const all = [...pages(), ...targets].map((entry) => ({
      entry,
      text: `${entry.text} ${entry.more} ${entry.state}`.toLowerCase(),
    }));
    const [first = ''] = words;
    const rank = ({ text }) => {
      if (text.startsWith(first)) return 0;
      return ['/', ' ', '-', '_'].some((before) => text.includes(before + first)) ? 1 : 2;
    };
    return all
      .filter(({ text }) => words.every((word) => text.includes(word)))
      .map((one) => ({ ...one, rank: words.length === 0 ? 0 : rank(one) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ entry }) => entry);
  }

  function show() {
    const all = found(input.value);
    shown = all.slice(0, MOST);
    active = Math.min(active, Math.max(0, shown.length - 1));
    list.replaceChildren(
      ...shown.map((entry, index) => {
        const option = document.createElement('li');
        option.id = `palette-${index}`;
        option.setAttribute('role', 'option');
        option.setAttribute('aria-selected', String(index === active));
        const name = document.createElement('span');
        name.textContent = entry.text;
        const more = document.createElement('small');
        more.textContent = entry.state === '' ? entry.more : `${entry.more} · ${entry.state}`;
        option.append(name, more);
        option.addEventListener('click', () => go(entry));
        option.addEventListener('pointermove', () => {
          if (active !== index) choose(index);
        });
        return option;
      }),
    );
    choose(active);
    const count = all.length > MOST ? `${MOST} of ${all.length} shown` : `${all.length} found`;
    told.textContent = `${problem}${all.length === 0 ? 'Nothing matches' : count}`;
  }

  function choose(index) {
    active = index;
    [...list.children].forEach((option, at) => {
      option.setAttribute('aria-selected', String(at === index));
      if (at === index) option.scrollIntoView({ block: 'nearest' });
    });
    if (shown.length > 0) input.setAttribute('aria-activedescendant', `palette-${index}`);
    else input.removeAttribute('aria-activedescendant');
  }

  function go(entry) {
    dialog.close();
    location.assign(entry.href);
  }

  function open() {
    if (dialog.open) return;
    input.value = '';
    active = 0;
    dialog.showModal();
    show();
    readTargets();
  }

  input.addEventListener('input', () => {
    active = 0;
    show();
  });
  dialog.addEventListener('keydown', (event) => {
    const last = shown.length - 1;
    const moves = { ArrowDown: active === last ? 0 : active + 1, ArrowUp: active === 0 ? last : active - 1 };
    if (event.key in moves && last >= 0) {
      event.preventDefault();
      choose(moves[event.key]);
    } else if (event.key === 'Enter' && shown[active] !== undefined) {
      event.preventDefault();
      go(shown[active]);
    }
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  opener?.addEventListener('click', open);
  document.addEventListener('keydown', (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.nodeName ?? '');
    const isCommand = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey;
    const isSlash = event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
    // The overview's own search takes the slash.
    if (!isCommand && (!isSlash || document.getElementById('tools') !== null)) return;
    event.preventDefault();
    open();
  });
}
