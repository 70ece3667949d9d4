/*
 * Lays an interactive chart over each one that the server drew. The server's chart stays in the page for those without
 * scripts and for paper. Numbers come from the block of data beside it, so both always say the same.
 */
{
  /** Ranges longer than this have days on their axis, as the server draws it. */
  const LONG_MS = 26 * 3_600_000;
  const narrow = '\u202f';

  /** As the server prints it: rounded up to the digit shown. */
  const latency = (us) => {
    if (us === null || us === undefined) return '—';
    const ms = Math.ceil(us / 1000);
    if (ms < 1000) return `${ms}${narrow}ms`;
    if (us < 10_000_000) return `${(Math.ceil(us / 10_000) / 100).toFixed(2)}${narrow}s`;
    return `${(Math.ceil(us / 100_000) / 10).toFixed(1)}${narrow}s`;
  };
  /** 0.001 tokens/s, rounded down, as the server prints it. */
  const speed = (milli) => {
    if (milli === null || milli === undefined) return '—';
    const text = milli >= 10_000 ? Math.floor(milli / 1000) : (Math.floor(milli / 100) / 10).toFixed(1);
    return `${text}${narrow}t/s`;
  };
  const formatOf = (data) => (data.unit === 'speed' ? speed : latency);
  const counted = (count, word) =>
    `${String(count).replace(/\B(?=(\d{3})+$)/g, narrow)} ${word}${count === 1 ? '' : 's'}`;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function clockIn(timezone) {
    const part = (options) =>
      new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hourCycle: 'h23', ...options });
    const minute = part({ hour: '2-digit', minute: '2-digit' });
    const day = part({ day: 'numeric', month: 'short' });
    return {
      minute: (at) => minute.format(at),
      day: (at) => day.format(at),
      /** From and to, with the day where the chart spans several. */
      stretch: (from, to, long) =>
        long
          ? `${day.format(from)} ${minute.format(from)} – ${day.format(to) === day.format(from) ? '' : `${day.format(to)} `}${minute.format(to)}`
          : `${minute.format(from)}–${minute.format(to)}`,
    };
  }

  const charts = new Set();

  function columnsOf(data) {
    const middle = data.from.map((from, index) => (from + data.to[index]) / 2000);
    return [middle, data.p50, data.p90, data.p99];
  }

  /** What lies on the wrong side of the target is filled: how far and how long it was missed. */
  function shadeBreach(plot, goal, isFloor) {
    const { ctx, bbox } = plot;
    const [x, , , p99] = plot.data;
    const floor = plot.valToPos(goal, 'y', true);
    ctx.save();
    ctx.beginPath();
    if (isFloor) ctx.rect(bbox.left, floor, bbox.width, Math.max(0, bbox.top + bbox.height - floor));
    else ctx.rect(bbox.left, bbox.top, bbox.width, Math.max(0, floor - bbox.top));
    ctx.clip();
    ctx.fillStyle = colour('--bad-bar');
    ctx.globalAlpha = 0.22;
    let run = [];
    const close = () => {
      if (run.length > 1) {
        ctx.beginPath();
        ctx.moveTo(run[0][0], floor);
        for (const [px, py] of run) ctx.lineTo(px, py);
        ctx.lineTo(run.at(-1)[0], floor);
        ctx.fill();
      }
      run = [];
    };
    p99.forEach((us, index) => {
      if (us === null) close();
      else run.push([plot.valToPos(x[index], 'x', true), plot.valToPos(us, 'y', true)]);
    });
    close();
    ctx.restore();
  }

  function goalLine(plot, goal, words) {
    const { ctx, bbox } = plot;
    const y = Math.round(plot.valToPos(goal, 'y', true));
    if (y < bbox.top || y > bbox.top + bbox.height) return;
    ctx.save();
    ctx.strokeStyle = colour('--bad');
    ctx.lineWidth = 1.4 * devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillStyle = colour('--bad');
    ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textAlign = 'right';
    // A halo keeps the words legible where a line runs through them.
    ctx.setLineDash([]);
    ctx.strokeStyle = colour('--sheet');
    ctx.lineWidth = 4 * devicePixelRatio;
    ctx.lineJoin = 'round';
    ctx.strokeText(words, bbox.left + bbox.width, y - 5 * devicePixelRatio);
    ctx.fillText(words, bbox.left + bbox.width, y - 5 * devicePixelRatio);
    ctx.restore();
  }

  /** A lane on the ground: red where attempts failed, by their share; grey where nothing was measured. */
  function failureLane(plot, data) {
    const { ctx, bbox } = plot;
    const ground = bbox.top + bbox.height;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    data.from.forEach((from, index) => {
      const left = plot.valToPos(from / 1000, 'x', true);
      const width = plot.valToPos(data.to[index] / 1000, 'x', true) - left;
      const bad = data.bad[index];
      const all = bad + data.good[index];
      if (all > 0 && bad === 0) return;
      const height = (all === 0 ? 2 : 4 + (8 * bad) / all) * devicePixelRatio;
      ctx.fillStyle = colour(all === 0 ? '--mute-bar' : '--bad-bar');
      ctx.fillRect(left + width * 0.12, ground - height, Math.max(1, width * 0.76), height);
    });
    ctx.restore();
  }

  const HEIGHT = 230;

  function createChart(figure, host) {
    let data = null;
    let source = '';
    let clock = null;
    let at = null;
    const readout = document.createElement('p');
    const stage = document.createElement('div');
    readout.className = 'plot-readout';
    stage.className = 'plot-stage';
    stage.tabIndex = 0;
    stage.setAttribute('role', 'slider');
    host.append(readout, stage);

    const say = () => {
      const long = data.to.at(-1) - data.from[0] > LONG_MS;
      const known = at ?? data.p99.findLastIndex((us) => us !== null);
      const index = known < 0 ? data.from.length - 1 : known;
      const n = data.n[index];
      const [mid, near, far] = data.lines;
      const format = formatOf(data);
      const worst = n < 100 ? 'slowest' : far;
      const when = clock.stretch(data.from[index], data.to[index], long);
      const said =
        n === 0
          ? 'no answers'
          : `${mid} ${format(data.p50[index])}, ${near} ${format(data.p90[index])}, ${worst} ${format(data.p99[index])}, n ${n}`;
      const text = `${when}: ${said}, ${counted(data.bad[index], 'failure')}`;
      if (readout.textContent !== text) readout.textContent = text;
      const us = data.p99[index];
      const breached =
        data.goal !== null && us !== null && (data.unit === 'speed' ? us < data.goal : us >= data.goal);
      readout.classList.toggle('s-missed', breached || data.bad[index] > 0);
      stage.setAttribute('aria-valuemin', '0');
      stage.setAttribute('aria-valuemax', String(data.from.length - 1));
      stage.setAttribute('aria-valuenow', String(index));
      stage.setAttribute('aria-valuetext', text);
    };

    const read = () => {
      const block = figure.querySelector('script.plot-data');
      if (block === null || block.textContent === source) return false;
      source = block.textContent;
      data = JSON.parse(source);
      clock = clockIn(data.timezone);
      stage.setAttribute('aria-label', `${data.name}, stretch by stretch`);
      return true;
    };
    read();

    const line = (label, width, dash) => ({
      label,
      stroke: () => colour('--accent'),
      width,
      dash,
      spanGaps: false,
      // Only points without a neighbour: a line would leave them invisible.
      points: {
        size: 5,
        show: () => false,
        filter: (plot, series) => alone(plot.data[series]),
        fill: () => colour('--accent'),
        stroke: () => colour('--accent'),
      },
    });
    const alone = (values) =>
      values.flatMap((value, index) =>
        value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null
          ? [index]
          : [],
      );
    const axis = {
      stroke: () => colour('--soft'),
      font: '12px system-ui, sans-serif',
      grid: { stroke: () => colour('--hair'), width: 1 },
      ticks: { show: false },
    };
    const range = (_plot, _min, max) => [0, Math.max(max ?? 0, (data.goal ?? 0) * 1.15, 1_000) * 1.08];
    const plot = new uPlot(
      {
        width: Math.max(200, stage.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), data.timezone),
        cursor: {
          y: false,
          sync: { key: 'latency' },
          points: { size: 7 },
          drag: { x: true, y: false, dist: 8 },
        },
        select: { show: true },
        scales: { y: { range } },
        bands: [{ series: [3, 1], fill: () => `color-mix(in srgb, ${colour('--accent')} 12%, transparent)` }],
        series: [{}, line(data.lines[0], 2.2), line(data.lines[1], 1.3, [5, 3]), line(data.lines[2], 1.3)],
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 30,
            values: (_plot, splits) => splits.map(tickText),
            space: 70,
          },
          {
            ...axis,
            size: 66,
            values: (_plot, splits) => splits.map((value) => (value === 0 ? '0' : formatOf(data)(value))),
          },
        ],
        hooks: {
          draw: [
            (drawn) => {
              if (data.goal !== null) {
                shadeBreach(drawn, data.goal, data.unit === 'speed');
                goalLine(drawn, data.goal, `${data.lines[2]} target ${formatOf(data)(data.goal)}`);
              }
              failureLane(drawn, data);
            },
          ],
          setCursor: [
            (drawn) => {
              at = drawn.cursor.idx ?? null;
              say();
            },
          ],
        },
      },
      columnsOf(data),
      stage,
    );
    function tickText(seconds) {
      const span = data.to.at(-1) - data.from[0];
      const instant = seconds * 1000;
      const minute = clock.minute(instant);
      if (span > LONG_MS * 4) return clock.day(instant);
      return span > LONG_MS && minute === '00:00' ? clock.day(instant) : minute;
    }
    say();

    stage.addEventListener('keydown', (event) => {
      const last = data.from.length - 1;
      const now = at ?? last;
      const page = Math.max(1, Math.round(last / 10));
      const moves = {
        ArrowLeft: now - 1,
        ArrowDown: now - 1,
        ArrowRight: now + 1,
        ArrowUp: now + 1,
        PageDown: now - page,
        PageUp: now + page,
        Home: 0,
        End: last,
      };
      if (event.key === 'Escape') {
        plot.setScale('x', { min: plot.data[0][0], max: plot.data[0].at(-1) });
        return;
      }
      if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const to = Math.min(last, Math.max(0, moves[event.key]));
      const us = data.p99[to];
      plot.setCursor({
        left: plot.valToPos(plot.data[0][to], 'x'),
        top: us === null ? 0 : plot.valToPos(us, 'y'),
      });
      at = to;
      say();
    });
    new ResizeObserver(() => {
      if (stage.clientWidth > 0 && stage.clientWidth !== plot.width) {
        plot.setSize({ width: stage.clientWidth, height: HEIGHT });
      }
    }).observe(stage);

    return {
      refresh: () => {
        if (!read()) return;
        plot.setData(columnsOf(data));
        if (at === null) say();
      },
      redraw: () => plot.redraw(true, true),
    };
  }

  function attach() {
    for (const figure of document.querySelectorAll('figure[data-plot]')) {
      const host = figure.querySelector('.plot');
      if (host !== null && host.childElementCount === 0) charts.add(createChart(figure, host));
    }
  }

  attach();
  document.addEventListener('fresh', () => {
    for (const chart of charts) chart.refresh();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const chart of charts) chart.redraw();
  });
}
