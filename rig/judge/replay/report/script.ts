/*
 * The program of a replay report, as it stands in the page. It reads the exchanges from the JSON beside it and keeps
 * only the rows in the DOM that can be seen: ten thousand exchanges open at once. It builds text nodes and no markup.
 *
 * A row is [index, name, command, recorded command, expected, got, rule, verdict, divergence, problem, start in µs,
 * took in ns, recorded in ns, retries]; texts are numbers in the list of strings, -1 for none, as are times.
 * A divergence is [kind, where, expected, got, offset]. A trace, which nobody has judged, has the verdict NONE throughout.
 */
export const VIEWER_SCRIPT: string = String.raw`
'use strict';
(() => {
  const ROW_HEIGHT = 26, MORE = 12;
  const VERDICTS = ['PASS', 'FAIL', 'INCONCLUSIVE', 'SKIPPED', 'NONE'], SIGNS = ['✔', '✘', '?', '–', ''];
  const NONE = 4;
  const byId = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(byId(id).textContent);
  const { sets, strings } = read('exchanges');
  const names = read('field-names');
  const text = (n) => (n < 0 ? null : strings[n]);
  const list = byId('list'), sizer = byId('sizer'), detail = byId('detail'), search = byId('search');
  const chooser = byId('replay'), boxes = [...byId('verdicts').querySelectorAll('input')];
  const isTrace = sets.every(({ verdict }) => verdict === 'NONE');
  let set = sets[0], shown = [], selected = -1, longest = { gap: 1, took: 1 };

  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children.filter((child) => child !== null));
    return made;
  };
  const time = (ns) => (ns < 0 ? '' : ns < 1e6 ? (ns / 1e3).toFixed(1) + ' µs' : ns < 1e9 ? (ns / 1e6).toFixed(ns < 1e7 ? 2 : 1) + ' ms' : (ns / 1e9).toFixed(2) + ' s');
  const entry = (row) => ({
    index: row[0], name: text(row[1]), command: text(row[2]), recorded: text(row[3]), expected: text(row[4]),
    got: text(row[5]), rule: text(row[6]), verdict: VERDICTS[row[7]], sign: SIGNS[row[7]],
    divergence: row[8] === 0 ? null : { kind: text(row[8][0]), where: text(row[8][1]), expected: text(row[8][2]), got: text(row[8][3]), offset: row[8][4] },
    problem: text(row[9]), start: row[10], took: row[11], recordedTime: row[12], retries: row[13],
  });

  // The pause before an exchange: from the answer before it to its command.
  const measure = (rows) => {
    let last = -1;
    for (const row of rows) {
      const begin = row[10] < 0 ? -1 : row[10] * 1e3;
      row[14] = begin < 0 || last < 0 ? -1 : Math.max(0, begin - last);
      if (begin >= 0) last = begin + Math.max(0, row[11]);
      longest.gap = Math.max(longest.gap, row[14]);
      longest.took = Math.max(longest.took, row[11], row[12]);
    }
  };

  // -- finding ------------------------------------------------------------
  const hexOf = (typed) => [...new TextEncoder().encode(typed)].map((byte) => byte.toString(16).padStart(2, '0')).join('').toUpperCase();
  const matcher = (typed) => {
    const wanted = typed.trim();
    if (wanted === '') return () => true;
    const number = /^#(\d+)$/.exec(wanted);
    if (number) return (row) => row[0] === Number(number[1]);
    const digits = wanted.replace(/\s+/g, '').toUpperCase();
    const hex = /^[0-9A-FX]+$/.test(digits) ? digits : null;
    const asBytes = wanted.length > 1 ? hexOf(wanted) : null;
    const lower = wanted.toLowerCase();
    // Each different text is looked at once.
    const seen = new Map();
    const hits = (n, isHex) => {
      if (n < 0) return false;
      const known = seen.get(n);
      if (known !== undefined) return known;
      const it = strings[n];
      let hit = it.toLowerCase().includes(lower);
      if (!hit && isHex && hex !== null) hit = it.includes(hex);
      if (!hit && isHex && asBytes !== null) for (let i = it.indexOf(asBytes); i >= 0 && !hit; i = it.indexOf(asBytes, i + 1)) hit = i % 2 === 0;
      seen.set(n, hit);
      return hit;
    };
    return (row) => hits(row[1]) || hits(row[2], true) || hits(row[3], true) || hits(row[4], true) || hits(row[5], true) ||
      hits(row[6]) || hits(row[9]) || (row[8] !== 0 && (hits(row[8][1]) || hits(row[8][2], true) || hits(row[8][3], true)));
  };
  const find = () => {
    const matches = matcher(search.value);
    const wanted = boxes.map((box) => box.checked);
    const before = selected >= 0 ? shown[selected] : undefined;
    shown = [];
    set.rows.forEach((row, i) => { if ((row[7] === NONE || wanted[row[7]]) && matches(row)) shown.push(i); });
    selected = before === undefined ? -1 : shown.indexOf(before);
    const left = set.left > 0 ? '; ' + set.left + ' more are not in this report, but in its file' : '';
    const unit = isTrace ? ' row' : ' exchange';
    byId('found').textContent = shown.length + ' of ' + set.rows.length + unit + (set.rows.length === 1 ? '' : 's') + left;
    sizer.style.height = shown.length * ROW_HEIGHT + 'px';
    list.setAttribute('aria-label', 'Exchanges of ' + set.id + ', ' + shown.length);
    for (const id of ['previous', 'next']) byId(id).disabled = !shown.some((i) => isWrong(set.rows[i]));
    if (before === undefined || selected < 0) list.scrollTop = 0;
    draw();
    drawOverview();
    if (selected < 0) list.removeAttribute('aria-activedescendant');
  };
  const isWrong = (row) => row[7] === 1 || row[7] === 2;

  // -- the list -----------------------------------------------------------
  const log = (ns, most) => (ns <= 0 ? 0 : Math.max(2, (100 * Math.log10(1 + ns / 1e3)) / Math.log10(1 + most / 1e3)));
  const bar = (kind, ns, most, recorded) => {
    const made = element('div', 'bar ' + kind);
    if (ns < 0) return made;
    const line = element('i');
    line.style.width = log(ns, most) + '%';
    made.append(line);
    if (recorded >= 0) {
      const mark = element('b');
      mark.style.left = 'min(' + log(recorded, most) + '%, 100% - 2px)';
      made.append(mark);
    }
    made.append(time(ns));
    return made;
  };
  const rowElement = (place) => {
    const row = set.rows[shown[place]];
    const { index, name, command, got, verdict, sign } = entry(row);
    const made = element('div', 'row ' + verdict,
      element('span', 'number', index === null ? '–' : String(index)), element('span', 'sign ' + verdict, sign), element('span', '', name),
      element('span', 'hex', command.length > 120 ? command.slice(0, 120) + '…' : command),
      element('span', 'hex', got === null ? '' : got.slice(-4)),
      element('span', 'number', got === null ? '' : String(got.length / 2 - 2)),
      bar('gap', row[14], longest.gap, -1), bar('took', row[11], longest.took, row[12]));
    made.id = 'row-' + place;
    made.style.top = place * ROW_HEIGHT + 'px';
    made.setAttribute('role', 'option');
    made.setAttribute('aria-posinset', String(place + 1));
    made.setAttribute('aria-setsize', String(shown.length));
    made.setAttribute('aria-selected', String(place === selected));
    made.setAttribute('aria-label', (index === null ? '' : index + ', ') + (row[7] === NONE ? '' : verdict + ', ') + name + ', ' + (got === null ? 'no answer' : got.slice(-4)));
    made.addEventListener('click', () => select(place));
    return made;
  };
  const draw = () => {
    const first = Math.max(0, Math.floor(list.scrollTop / ROW_HEIGHT) - MORE);
    const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW_HEIGHT) + MORE);
    const rows = [];
    // Beginning with an even one, so that stripes stay where they are.
    for (let i = first - (first % 2); i < last; i++) rows.push(rowElement(i));
    sizer.replaceChildren(...rows);
  };
  let waiting = false;
  list.addEventListener('scroll', () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); drawOverview(); });
  });
  const select = (place, middle = false) => {
    if (shown.length === 0) return;
    selected = Math.min(Math.max(place, 0), shown.length - 1);
    const top = selected * ROW_HEIGHT, height = list.clientHeight;
    if (middle) list.scrollTop = top - height / 2;
    else if (top < list.scrollTop) list.scrollTop = top;
    else if (top + ROW_HEIGHT > list.scrollTop + height) list.scrollTop = top + ROW_HEIGHT - height;
    draw();
    drawOverview();
    list.setAttribute('aria-activedescendant', 'row-' + selected);
    show(set.rows[shown[selected]]);
  };
  const jump = (step) => {
    for (let i = selected + step; i >= 0 && i < shown.length; i += step) if (isWrong(set.rows[shown[i]])) return select(i, true);
    // Round again from the other end.
    for (let i = step > 0 ? 0 : shown.length - 1; i >= 0 && i < shown.length; i += step) if (isWrong(set.rows[shown[i]])) return select(i, true);
  };

  // -- the whole session --------------------------------------------------
  const overview = byId('overview');
  const drawOverview = () => {
    const width = overview.clientWidth, height = overview.clientHeight, scale = devicePixelRatio || 1;
    if (width === 0) return;
    overview.width = width * scale;
    overview.height = height * scale;
    const pen = overview.getContext('2d');
    pen.scale(scale, scale);
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
    const colours = [colour('--pass'), colour('--fail'), colour('--unsure'), colour('--line'), colour('--none')];
    const count = shown.length;
    if (count === 0) return;
    const columns = Math.min(Math.floor(width), count), each = width / columns;
    for (let c = 0; c < columns; c++) {
      let worst = set.rows[shown[Math.floor((c * count) / columns)]][7] === NONE ? NONE : 0, most = 0;
      for (let i = Math.floor((c * count) / columns); i < Math.max(Math.floor(((c + 1) * count) / columns), Math.floor((c * count) / columns) + 1); i++) {
        const row = set.rows[shown[i]];
        const rank = [0, 3, 2, 1, 0];
        if (rank[row[7]] > rank[worst]) worst = row[7];
        most = Math.max(most, row[11]);
      }
      const tall = Math.max(3, (log(most, longest.took) / 100) * (height - 8));
      pen.fillStyle = colours[worst];
      pen.fillRect(c * each, height - tall, Math.max(each - (each > 3 ? 1 : 0), 1), tall);
      if (worst === 1) pen.fillRect(c * each, 0, Math.max(each, 2), height);
    }
    pen.strokeStyle = colour('--text');
    const total = count * ROW_HEIGHT;
    if (total > list.clientHeight) pen.strokeRect((list.scrollTop / total) * width, 0.5, Math.max((list.clientHeight / total) * width, 3), height - 1);
    if (selected >= 0) { pen.fillStyle = colour('--text'); pen.fillRect(((selected + 0.5) / count) * width - 1, 0, 2, height); }
  };
  overview.addEventListener('click', (event) => select(Math.floor((event.offsetX / overview.clientWidth) * shown.length), true));
  addEventListener('resize', () => { draw(); drawOverview(); });

  // -- one exchange -------------------------------------------------------
  const masked = (digits) => digits.replaceAll('X', '0');
  const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(masked(pair), 16));
  /** Data objects of BER-TLV, or null where the bytes are something else. */
  const objects = (hex, from = 0, to = hex.length / 2, bytes = bytesOf(hex)) => {
    const found = [];
    let at = from;
    while (at < to) {
      if (bytes[at] === 0 || bytes[at] === 0xff) {
        const rest = bytes.subarray(at, to);
        if (found.length > 0 && rest.every((byte) => byte === rest[0])) break;
        return null;
      }
      const start = at;
      let tagEnd = at + 1;
      if ((bytes[at] & 0x1f) === 0x1f) {
        while (tagEnd < to && (bytes[tagEnd] & 0x80) !== 0) tagEnd++;
        tagEnd++;
      }
      if (tagEnd >= to || tagEnd - start > 4 || hex.slice(2 * start, 2 * tagEnd).includes('X')) return null;
      let length = bytes[tagEnd], value = tagEnd + 1;
      if (length > 0x80) {
        const size = length & 0x7f;
        if (size > 3 || value + size > to) return null;
        length = 0;
        for (let i = 0; i < size; i++) length = length * 256 + bytes[value + i];
        value += size;
      } else if (length === 0x80) return null;
      if (value + length > to) return null;
      const inside = (bytes[start] & 0x20) !== 0 ? objects(hex, value, value + length, bytes) : null;
      found.push({ start, end: value + length, tag: hex.slice(2 * start, 2 * tagEnd), value: hex.slice(2 * value, 2 * (value + length)), inside });
      at = value + length;
    }
    return found;
  };
  /** What nothing is known of may be random bytes that look like objects. */
  const believed = (found) => found !== null && found.length > 0 && (found.some(({ tag, inside }) => (inside !== null && inside.length > 0) || nameOf([tag]) !== null));
  const nameOf = (path) => {
    let level = names.roots, name = null;
    for (const tag of path) {
      const known = level?.[tag];
      name = known?.name ?? names.anywhere[tag] ?? null;
      level = known?.inside;
    }
    return name;
  };
  const same = (a, b) => a !== null && b !== null && a.length === b.length && [...a].every((digit, i) => digit === b[i] || digit === 'X' || b[i] === 'X');
  /** Objects of both sides in one list; what one side does not have is null there. */
  const paired = (left, right, above = []) => {
    const rows = [];
    const pair = (a, b) => {
      const path = [...above, (a ?? b).tag];
      const nested = (a?.inside?.length ?? 0) > 0 || (b?.inside?.length ?? 0) > 0;
      rows.push({ path, expected: a === null ? null : nested ? '' : a.value, got: b === null ? null : nested ? '' : b.value, nested, span: b });
      if (nested) rows.push(...paired(a?.inside ?? [], b?.inside ?? [], path));
    };
    let i = 0, j = 0;
    while (i < left.length || j < right.length) {
      const a = left[i] ?? null, b = right[j] ?? null;
      if (a !== null && b !== null && a.tag === b.tag) { pair(a, b); i++; j++; continue; }
      const later = a === null ? -1 : right.findIndex((each, k) => k > j && each.tag === a.tag);
      if (b !== null && (a === null || later >= 0)) { pair(null, b); j++; } else { pair(a, null); i++; }
    }
    return rows;
  };
  const plain = (hex) => {
    if (hex === '' || hex.includes('X')) return '';
    const bytes = bytesOf(hex);
    if (bytes.some((byte) => byte < 0x20 || byte === 0x7f)) return '';
    try { return new TextDecoder('utf-8', { fatal: true }).decode(bytes); } catch { return bytes.length === 1 ? '' : new TextDecoder('latin1').decode(bytes); }
  };
  const valueCell = (hex, other, nested) => {
    if (hex === null) return element('td', '', element('i', 'reason', 'not there'));
    if (nested) return element('td');
    const cell = element('td', '', marked(hex, other ?? ''));
    const words = plain(hex);
    if (words !== '') cell.append(' ', element('span', 'reason', '"' + words + '"'));
    return cell;
  };
  const marked = (hex, other) => {
    const made = element('span', 'hex');
    for (let i = 0; i < hex.length; ) {
      const differs = (at) => !same(hex.slice(at, at + 2), other.slice(at, at + 2));
      const wrong = differs(i);
      let end = i + 2;
      while (end < hex.length && differs(end) === wrong) end += 2;
      made.append(wrong ? element('mark', '', hex.slice(i, end)) : hex.slice(i, end));
      i = end;
    }
    return made;
  };
  /** @param at a byte that is known to differ, which masks may hide; -1 for none */
  const dump = (hex, other, known = -1) => {
    const made = element('pre', 'dump');
    if (hex === null) return element('p', 'reason', 'none');
    if (!/^(?:[0-9A-FX]{2})*$/.test(hex)) return element('p', 'hex', hex);
    for (let at = 0; at < hex.length; at += 32) {
      made.append(element('span', 'at', (at / 2).toString(16).padStart(4, '0').toUpperCase() + '  '));
      let words = '';
      for (let i = at; i < at + 32; i += 2) {
        const pair = hex.slice(i, i + 2);
        if (pair === '') { made.append('   '); continue; }
        made.append((other !== null && !same(pair, other.slice(i, i + 2))) || i / 2 === known ? element('mark', '', pair) : pair, ' ');
        const byte = pair.includes('X') ? 0 : Number.parseInt(pair, 16);
        words += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
      }
      made.append(' ', element('span', 'at', words), '\n');
    }
    return made;
  };
  const headed = (title, ...rest) => element('div', '', element('h4', '', title), ...rest);
  const fields = (left, right, known, heads = ['Field', 'Expected', 'Got']) => {
    const table = element('table', 'fields');
    const head = element('tr', '', ...heads.map((each) => { const made = element('th', '', each); made.scope = 'col'; return made; }));
    table.append(element('thead', '', head));
    const body = element('tbody');
    for (const { path, expected, got, nested, span } of paired(left, right)) {
      const name = nameOf(path);
      const wrong = expected === null || got === null || (!nested && (!same(expected, got) || (span.start <= known && known < span.end)));
      const first = element('td', 'deep' + Math.min(path.length - 1, 3), element('code', '', path.at(-1)), name === null ? '' : ' ' + name);
      body.append(element('tr', wrong ? 'differs' : '', first, ...(heads.length === 2 ? [] : [valueCell(expected, got, nested)]), valueCell(got, expected, nested)));
    }
    table.append(body);
    return table;
  };
  const data = (answer) => (answer === null || !/^(?:[0-9A-FX]{2}){2,}$/.test(answer) ? '' : answer.slice(0, -4));
  const show = (row) => {
    const it = entry(row);
    const judged = row[7] !== NONE;
    const parts = [element('h3', '', (it.index !== null ? '#' + it.index + ' ' : judged ? 'not in the trace: ' : '') + it.name + ' ', judged ? element('span', 'sign ' + it.verdict, it.sign + ' ' + it.verdict) : null)];
    const { divergence } = it;
    if (divergence !== null) {
      parts.push(element('p', 'fault', divergence.where));
      if (!same(divergence.expected, it.expected)) {
        const said = (value) => { const words = /^(?:[0-9A-F]{2})+$/.test(value) ? plain(value) : ''; return value === '' ? 'nothing' : words === '' ? value : value + ' "' + words + '"'; };
        parts.push(element('p', '', 'expected ', element('code', '', said(divergence.expected)), ', got ', element('code', '', said(divergence.got))));
      }
    }
    if (it.problem !== null) parts.push(element('p', 'reason', it.problem));
    if (it.rule !== null) parts.push(element('p', 'reason', 'rule: ' + it.rule));
    if (it.retries > 0) parts.push(element('p', 'reason', 'sent ' + (it.retries + 1) + ' times before it was judged'));
    if (it.took >= 0) parts.push(...timeline(row, it));
    const { recorded, command } = it;
    if (command === '' && !judged) return detail.replaceChildren(...parts);
    if (recorded === null) parts.push(headed('Command', dump(command, null)));
    else parts.push(element('div', 'sides', headed('Command in the trace', dump(recorded, command)), headed('Command as it was sent', dump(command, recorded))));
    if (!judged) {
      parts.push(headed('Answer', dump(it.got, null)));
      const found = objects(data(it.got));
      if (believed(found)) parts.push(element('h4', '', 'Data objects'), fields(found, found, -1, ['Field', 'Value']));
    } else if (it.got !== null || it.expected !== null) {
      const known = it.expected !== null && /^[0-9A-FX]*$/.test(it.expected) ? it.expected : null;
      const place = divergence?.kind === 'value' ? (divergence.offset ?? -1) : -1;
      parts.push(element('div', 'sides', headed('Answer expected', dump(it.expected, it.verdict === 'FAIL' ? it.got : null, place)), headed('Answer got', dump(it.got, it.verdict === 'FAIL' ? known : null, place))));
      const left = objects(data(it.expected)), right = objects(data(it.got));
      if (believed(right) || (believed(left) && it.got !== null)) parts.push(element('h4', '', 'Data objects'), fields(left ?? [], right ?? [], place));
    }
    detail.replaceChildren(...parts);
  };
  const timeline = (row, it) => {
    const gap = Math.max(row[14], 0), most = gap + Math.max(it.took, it.recordedTime, 1);
    const part = (kind, ns) => { const made = element('i', kind); made.style.width = (100 * ns) / most + '%'; return made; };
    const line = (label, took, words) => element('div', 'span', element('span', 'label', label), element('span', 'track', part('pause', gap), part('answer', took)), element('span', 'label', words));
    const lines = [line(row[7] === NONE ? 'answer' : 'now', it.took, (gap > 0 ? 'pause ' + time(gap) + ', then ' : '') + 'answer in ' + time(it.took))];
    if (it.recordedTime >= 0) {
      const said = it.took >= it.recordedTime ? time(it.took - it.recordedTime) + ' slower' : time(it.recordedTime - it.took) + ' faster';
      lines.push(line('in the trace', it.recordedTime, 'answer in ' + time(it.recordedTime) + '; now ' + said));
    }
    lines.push(element('p', 'legend', 'sent ' + time(it.start * 1e3) + ' after the beginning'));
    return lines;
  };

  // -- keys and choices ---------------------------------------------------
  const page = () => Math.max(1, Math.floor(list.clientHeight / ROW_HEIGHT) - 1);
  list.addEventListener('keydown', (event) => {
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page(), PageUp: -page(), Home: -Infinity, End: Infinity };
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in moves)) return;
    event.preventDefault();
    select(selected < 0 && moves[event.key] > 0 && event.key !== 'End' ? 0 : selected + moves[event.key]);
  });
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target instanceof HTMLInputElement && event.target.type === 'search';
    if (event.key === 'Escape' && typing) { search.value = ''; find(); list.focus(); return; }
    if (event.key === 'Enter' && typing) { event.preventDefault(); list.focus(); select(Math.max(selected, 0)); return; }
    if (typing || event.target instanceof HTMLSelectElement) return;
    if (event.key === '/') { event.preventDefault(); search.focus(); search.select(); }
    else if (event.key === 'n') { jump(1); list.focus(); }
    else if (event.key === 'p') { jump(-1); list.focus(); }
  });
  byId('next').addEventListener('click', () => jump(1));
  byId('previous').addEventListener('click', () => jump(-1));
  search.addEventListener('input', find);
  for (const box of boxes) box.addEventListener('change', find);
  const choose = (n) => {
    set = sets[n];
    longest = { gap: 1, took: 1 };
    measure(set.rows);
    selected = -1;
    list.style.height = Math.max(4, Math.min(16, set.rows.length)) * ROW_HEIGHT + 2 + 'px';
    chooser.value = String(n);
    boxes.forEach((box, verdict) => { box.parentElement.querySelector('b').textContent = String(set.rows.filter((row) => row[7] === verdict).length); });
    detail.replaceChildren(element('p', 'reason', 'Choose an exchange: with the arrows, ' + (isTrace ? 'or with a click.' : 'with a click, or with n for the next one that is not as expected.')));
    find();
  };
  chooser.addEventListener('change', () => choose(Number(chooser.value)));
  sets.forEach((each, i) => {
    const option = element('option', '', each.id + ': ' + each.verdict);
    option.value = String(i);
    chooser.append(option);
  });
  chooser.parentElement.hidden = sets.length < 2;
  byId('verdicts').hidden = byId('next').parentElement.hidden = isTrace;
  // #e-2-17: the exchange at place 17 of replay 2.
  const follow = () => {
    const match = /^#e-(\d+)-(\d+)$/.exec(location.hash);
    if (match === null || sets[match[1]] === undefined) return false;
    search.value = '';
    for (const box of boxes) box.checked = true;
    choose(Number(match[1]));
    select(Number(match[2]), true);
    byId('all-exchanges').scrollIntoView();
    list.focus({ preventScroll: true });
    return true;
  };
  addEventListener('hashchange', follow);
  byId('viewer').hidden = false;
  if (sets.length > 0 && !follow()) choose(Math.max(0, sets.findIndex(({ verdict }) => verdict !== 'PASS')));
  // In a frame, which cannot see how high this is.
  if (parent !== window) new ResizeObserver(() => parent.postMessage(document.documentElement.offsetHeight, '*')).observe(document.documentElement);
  document.documentElement.dataset.ready = 'yes';
})();
`;
