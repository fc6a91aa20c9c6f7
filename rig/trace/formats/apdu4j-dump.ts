import type { Line } from '../lines.ts';
import type { MaskedHex } from '../model.ts';
import { type Exporter, FormatError, type Importer, type Losses } from '../stream.ts';
import { plausible } from './duration.ts';
import { durationNs } from './gp-log.ts';
import { hexOf, isMasked, unmasked } from './hex-text.ts';
import { type LineParser, lineImporter, requireEnd } from './line-importer.ts';
import { protocolOf } from './protocol.ts';
import type { SessionLog } from './session-log.ts';
import { oneLine, textExporter } from './text-exporter.ts';

/*
 * The dump of apdu4j, which its MockBIBO replays: `# ATR: `, `# PROTOCOL: `, then a line of bytes for each command and
 * for each response in turn, with comments: `# 24ms` or `# Received in 24ms` before a response, and `# 24ms MESSAGE`
 * in the place of one.
 */
const MARK =
  /^# (?:ATR: [0-9A-F]+|PROTOCOL: T=.*|Sent|Received(?: in .*)?|(?:\d+s)?\d+ms.*|Generated on .* by apdu4j.*)\s*$/m;

export const apdu4jDumpImporter: Importer = lineImporter({
  name: 'apdu4j-dump',
  title: 'dump of apdu4j',
  extensions: ['dump', 'txt'],
  guess(head) {
    const lines = head.split('\n').filter((line) => line.trim() !== '');
    const bytes = lines.filter((line) => !line.startsWith('#'));
    if (bytes.length === 0 || bytes.some((line) => !/^\s*(?:[0-9A-F]{2})+\s*$/i.test(line))) return 0;
    if (MARK.test(head)) return 95;
    const answers = bytes.filter((_, index) => index % 2 === 1);
    return answers.length > 0 && answers.every((line) => /(?:6[1-9A-F]|9[0-9A-F])[0-9A-F]{2}\s*$/i.test(line)) ? 50 : 0;
  },
  parser: (session, losses) => new DumpParser(session, losses),
});

class DumpParser implements LineParser {
  readonly #session: SessionLog;
  readonly #losses: Losses;
  #tNs = 0;
  #atr: MaskedHex | null = null;
  #reader: string | null = null;
  #startedAt: string | null = null;

  constructor(session: SessionLog, losses: Losses) {
    this.#session = session;
    this.#losses = losses;
  }

  line(text: string, line: Line): void {
    const { number } = line;
    const content = text.trim();
    if (content === '') return;
    if (content.startsWith('#')) {
      this.#comment(content);
      return;
    }
    requireEnd(line);
    const bytes = hexOf(content);
    if (bytes === null) {
      throw new FormatError({ line: number }, 'this is no line of bytes');
    }
    if (!this.#session.awaitsResponse) this.#session.command(bytes, this.#tNs);
    else if (bytes.length >= 4) this.#session.response(bytes, this.#tNs);
    else throw new FormatError({ line: number }, 'a response is at least a status word, two bytes');
  }

  end(): void {}

  header(): { source: string; reader: string | null; atr: MaskedHex | null; startedAt: string | null } {
    return { source: 'apdu4j', reader: this.#reader, atr: this.#atr, startedAt: this.#startedAt };
  }

  #comment(line: string): void {
    const duration = /^# (?:Received in )?((?:\d+s)?\d+(?:\.\d+)?ms)(?: (.+))?$/.exec(line);
    if (duration !== null) {
      this.#tNs += plausible(durationNs(duration[1] as string) ?? 0, this.#losses);
      const message = duration[2];
      if (message === undefined || !this.#session.awaitsResponse) return;
      this.#session.note(`no response: ${message}`, this.#tNs);
      this.#session.abandon();
      return;
    }
    const [, name, value = ''] = /^# (ATR:|Using|Generated on) (.*)$/.exec(line) ?? [];
    if (name === 'ATR:') this.#atr ??= hexOf(value);
    else if (name === 'Using') this.#reader ??= value;
    else if (name === 'Generated on') {
      const ms = Date.parse(value.replace(/ by .*$/, ''));
      if (!Number.isNaN(ms)) this.#startedAt ??= new Date(ms).toISOString();
    }
  }
}

export const apdu4jDumpExporter: Exporter = textExporter({
  name: 'apdu4j-dump',
  title: 'dump of apdu4j',
  extensions: ['dump'],
  carries: ['atr', 'reader', 'startedAt'],
  times: true,
  text(losses) {
    let last = 0;
    const plain = (hex: MaskedHex): string => {
      if (isMasked(hex)) losses.add('masks, where zeros stand');
      return unmasked(hex);
    };
    return {
      begin({ atr, reader, startedAt }) {
        const lines: string[] = [];
        if (startedAt !== null) {
          // As Java writes it: `Mon, 23 Nov 2026 11:52:46 +0000`, without milliseconds.
          if (!/\.000Z$/.test(startedAt)) losses.add('parts of a second of the wall time');
          lines.push(`# Generated on ${new Date(startedAt).toUTCString().replace('GMT', '+0000')} by vitap`);
        }
        if (reader !== null) lines.push(`# Using ${oneLine(reader)}`);
        if (atr !== null) lines.push(`# ATR: ${atr}`, `# PROTOCOL: ${protocolOf(atr)}`);
        return `${[...lines, '#'].join('\n')}\n`;
      },
      exchange(command, response) {
        if (command.t !== last) losses.add('times between exchanges');
        last = response?.t ?? command.t;
        if (response === null) {
          // A command alone would shift all pairs after it.
          losses.add('commands that nothing answered, which are comments now');
          return `# no answer to ${command.apdu}\n`;
        }
        const ms = Math.max(0, response.t - command.t) / 1e6;
        if (!Number.isInteger(ms)) losses.add('parts of a millisecond of times');
        return `${plain(command.apdu)}\n# ${Math.round(ms)}ms\n${plain(response.apdu)}\n`;
      },
      power({ state, atr }) {
        if (state !== 'on' || atr === undefined) losses.add('power events without an answer to reset, and resets');
        else losses.add('times of the power going on');
        return '';
      },
    };
  },
});
