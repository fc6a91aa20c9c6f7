import type { Line } from '../lines.ts';
import { FormatError, type Importer, type Losses } from '../stream.ts';
import { type LineParser, lineImporter } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';

/*
 * What apdutool and jCardSim's APDUScriptTool print, an exchange a line: `CLA: 00, INS: a4, P1: 04, P2: 00, Lc: 02, 3f,
 * 00, Le: 00, SW1: 90, SW2: 00`. What stands there as Le is the length of the response; the Le that was sent is not told.
 */
const EXCHANGE =
  /^\s*CLA: ([0-9a-f]{2}), INS: ([0-9a-f]{2}), P1: ([0-9a-f]{2}), P2: ([0-9a-f]{2}), Lc: ([0-9a-f]+), ((?:[0-9a-f]{2}, )*)Le: ([0-9a-f]+), ((?:[0-9a-f]{2}, )*)SW1: ([0-9a-f]{2}), SW2: ([0-9a-f]{2})\s*$/i;

export const apdutoolOutputImporter: Importer = lineImporter({
  name: 'apdutool',
  title: 'output of apdutool',
  extensions: ['txt', 'out', 'log'],
  guess: (head) => (/^\s*CLA: [0-9a-f]{2}, INS: [0-9a-f]{2}, P1: .* SW2: [0-9a-f]{2}\s*$/im.test(head) ? 95 : 0),
  parser: (session, losses) => new ApdutoolOutputParser(session, losses),
});

class ApdutoolOutputParser implements LineParser {
  readonly #session: SessionLog;
  readonly #losses: Losses;

  constructor(session: SessionLog, losses: Losses) {
    this.#session = session;
    this.#losses = losses;
  }

  line(text: string, { number }: Line): void {
    if (!/^\s*CLA: /.test(text)) return;
    const match = EXCHANGE.exec(text);
    if (match === null)
      throw new FormatError({ line: number }, 'this exchange is cut off, or not as apdutool prints it');
    const [, cla, ins, p1, p2, lc, sent, le, received, sw1, sw2] = match as unknown as string[];
    const [data, answer] = [compact(sent), compact(received)];
    if (
      Number.parseInt(lc as string, 16) !== data.length / 2 ||
      Number.parseInt(le as string, 16) !== answer.length / 2
    ) {
      throw new FormatError({ line: number }, 'there are more or fewer bytes than this exchange says');
    }
    const long = data.length > 510 || answer.length > 512;
    const length = data === '' ? '' : hex(data.length / 2, long);
    // Any answer shows that one was asked for.
    const asked = answer === '' ? '' : long ? (data === '' ? '000000' : '0000') : '00';
    if (answer !== '') this.#losses.add('Le fields, which are not told: 00 stands for each');
    this.#session.command(`${cla}${ins}${p1}${p2}${length}${data}${asked}`.toUpperCase(), 0);
    this.#session.response(`${answer}${sw1}${sw2}`.toUpperCase(), 0);
  }

  end(): void {}

  header(): { source: string } {
    return { source: 'apdutool' };
  }
}

function compact(list: string | undefined): string {
  return (list ?? '').replaceAll(', ', '');
}

function hex(length: number, long: boolean): string {
  return long ? `00${length.toString(16).padStart(4, '0')}` : length.toString(16).padStart(2, '0');
}
