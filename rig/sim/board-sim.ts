import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../src/apdu/hex.ts';
import { UNLIMITED } from '../../src/hal/apdu-size.ts';
import type { Clock } from '../../src/hal/clock.ts';
import { historicalBytesOf } from '../../src/hal/pn532/answer-to-reset.ts';
import type { BitRate } from '../../src/iso-dep/bit-rate.ts';
import { type OpenedCard, openCard } from '../card/open.ts';
import { UsageError } from '../console/failure.ts';
import type { CommandIo, ExitCode } from '../console/io.ts';
import { makeFolder } from '../console/make-folder.ts';
import { counted } from '../report/words.ts';
import { type BoardEvent, SimulatedBoard } from './board.ts';
import { readFaultFile } from './faults/file.ts';
import type { BoardFault } from './faults/parse.ts';
import { FieldCard } from './field/card.ts';
import { Field, type FieldEvent } from './field/field.ts';
import { onPtys } from './on-ptys.ts';
import type { PtyPort } from './serial/pty-port.ts';
import { RealTimeline } from './timeline.ts';

export interface BoardSimOptions {
  /** How many boards; 1, or with `pair` 2, by default. */
  readonly boards: number;
  /** Boards 1 and 2, 3 and 4 … stand in each other's field. */
  readonly pair: boolean;
  /** Paths of the links by board name; others are made in `folder`. */
  readonly links: Readonly<Record<string, string>>;
  /** Folder for links; null for a new one that is removed at the end. */
  readonly folder: string | null;
  /** The highest bit rate that the field carries, in kbit/s. */
  readonly rate: number;
  /** Cards of ours that lie in the fields of boards, apart from what the boards do. */
  readonly cards: readonly BoardCard[];
  readonly faults: readonly BoardFault[];
  readonly faultFile: string | null;
  /** Also says the bytes of commands, responses and frames on air. */
  readonly bytes: boolean;
}

/** A profile by name or path, and the board in whose field its card lies. */
export interface BoardCard {
  readonly board: string;
  readonly profile: string;
}

const RATES: Readonly<Record<number, BitRate>> = { 106: 1, 212: 2, 424: 4 };

/** `a` and `b`; for more than two boards `1`, `2` … */
export function boardNames(count: number): string[] {
  return count <= 2 ? ['a', 'b'].slice(0, count) : Array.from({ length: count }, (_, i) => String(i + 1));
}

/** Simulated boards on ptys, in real time, until Ctrl-C. */
export async function runBoardSim(options: BoardSimOptions, io: CommandIo): Promise<ExitCode> {
  const names = boardNames(options.boards);
  const faults = [...options.faults, ...(options.faultFile === null ? [] : readFaultFile(options.faultFile, names))];
  for (const { board } of [...faults, ...options.cards]) {
    if (!names.includes(board))
      throw new UsageError(`there is no board \`${board}\`; there ${is(names)} ${names.join(', ')}`);
  }
  for (const name of Object.keys(options.links)) {
    if (!names.includes(name)) throw new UsageError(`there is no board \`${name}\` to link: --pair makes a and b`);
  }
  const ownFolder = options.folder === null && names.some((name) => options.links[name] === undefined);
  const folder = ownFolder ? mkdtempSync(join(tmpdir(), 'vitap-boards-')) : options.folder;
  if (folder !== null) makeFolder(folder);

  const profiles = await Promise.all(options.cards.map(({ profile }) => openCard({ kind: 'profile', name: profile })));
  const timeline = new RealTimeline();
  const teller = new Teller(io, options.bytes, timeline);
  try {
    return await onPtys(io, timeline, async (open) => {
      let field = new Field(timeline, RATES[options.rate] ?? 1);
      for (const [i, name] of names.entries()) {
        if (!options.pair || i % 2 === 0) {
          field = new Field(timeline, RATES[options.rate] ?? 1);
          field.onEvent((event) => teller.field(event));
        }
        const own = faults.filter(({ board }) => board === name).map((each) => each.fault);
        const board = new SimulatedBoard(name, timeline, field, { faults: own });
        board.onEvent = (event) => teller.board(name, event);
        for (const [at, { board: where, profile }] of options.cards.entries()) {
          if (where !== name) continue;
          layCard(timeline, field, profile, profiles[at]!);
          teller.card(name, profile);
        }
        const path = options.links[name] ?? join(folder!, `board-${name}`);
        teller.ready(name, await open(path, board));
      }
      teller.allReady(names.length, options.pair);
    });
  } finally {
    if (ownFolder && folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

/** A card of ours as one of plastic: an identifier of seven bytes, frames of 256, both faster rates. */
function layCard(timeline: RealTimeline, field: Field, profile: string, opened: OpenedCard): void {
  const port = opened.card.port('contactless', UNLIMITED);
  const ats = {
    fsci: 8,
    toReader: [2, 4],
    toCard: [2, 4],
    sameRateOnly: false,
    fwi: 8,
    sfgi: 0,
    cidSupported: true,
    nadSupported: false,
    historicalBytes: historicalBytesOf(port.atr()),
  };
  new FieldCard(timeline, field, port, { name: `card ${profile}`, isoDep: { ats } });
}

function is(names: readonly string[]): string {
  return names.length === 1 ? 'is' : 'are';
}

/** Says what happens: a line for a person, or a JSON document on each line. */
class Teller {
  readonly #io: CommandIo;
  readonly #bytes: boolean;
  readonly #clock: Clock;

  constructor(io: CommandIo, bytes: boolean, clock: Clock) {
    this.#io = io;
    this.#bytes = bytes;
    this.#clock = clock;
  }

  ready(board: string, port: PtyPort): void {
    const { path, device } = port;
    this.#say(
      { event: 'port', board, path, device },
      `board ${board}: ${path} (${device}), simulated PN532, firmware 1.6`,
    );
  }

  card(board: string, profile: string): void {
    this.#say({ event: 'card', board, profile }, `board ${board}: a card of profile ${profile} lies in its field`);
  }

  allReady(count: number, pair: boolean): void {
    const fields = pair ? ', two by two in one field' : '';
    this.#say(
      { event: 'ready', boards: count, pair, simulated: true },
      `${count === 1 ? 'ready' : `ready${fields}`}; Ctrl-C ends`,
    );
  }

  board(board: string, event: BoardEvent): void {
    switch (event.type) {
      case 'power':
        this.#say({ event: 'power', board, power: event.power }, `${board}  ${event.power}`);
        return;
      case 'command': {
        const { name, code, parameters } = event;
        const told = this.#told(parameters);
        this.#say({ event: 'command', board, code, name, ...told.json }, `${board}  > ${name}${told.text}`);
        return;
      }
      case 'response': {
        const told = this.#told(event.data);
        this.#say({ event: 'response', board, code: event.code, ...told.json }, `${board}  <${told.text || ' done'}`);
        return;
      }
      case 'syntax-error':
        this.#say({ event: 'syntax-error', board, code: event.code }, `${board}  < syntax error`);
        return;
      case 'abort':
        this.#say({ event: 'abort', board, code: event.code }, `${board}  aborted by the host`);
        return;
      case 'baud-rate':
        this.#say({ event: 'baud-rate', board, baudRate: event.baudRate }, `${board}  now at ${event.baudRate} baud`);
        return;
      case 'fault': {
        const { name, value } = event.fault;
        const text = `${board}  fault ${name}, occasion ${event.occasion}`;
        this.#say({ event: 'fault', board, fault: name, value, occasion: event.occasion }, text);
        return;
      }
      default:
        this.#say({ event: event.type, board }, `${board}  ${event.type}`);
    }
  }

  field(event: FieldEvent): void {
    if (event.type !== 'frame') {
      this.#say({ event: event.type, board: event.antenna }, `${event.antenna}  ${event.type.replace('-', ' ')}`);
      return;
    }
    if (!this.#bytes) return;
    const { antenna, fromReader, frame, lost } = event;
    const hex = toHex(frame.bytes);
    const rate = 106 * frame.rate;
    this.#say(
      { event: 'frame', board: antenna, fromReader, bits: frame.bits, rate, bytes: hex, lost },
      `${antenna}  on air ${fromReader ? 'to card' : 'to reader'} ${hex}${lost ? ' (lost)' : ''}`,
    );
  }

  /** Commands to cards may hold codes: without `--bytes` only lengths are said. */
  #told(bytes: Uint8Array): { text: string; json: Record<string, unknown> } {
    if (bytes.length === 0) return { text: '', json: { length: 0 } };
    if (!this.#bytes) return { text: ` ${counted(bytes.length, 'byte')}`, json: { length: bytes.length } };
    const hex = toHex(bytes);
    return { text: ` ${hex}`, json: { length: bytes.length, bytes: hex } };
  }

  #say(document: Record<string, unknown>, text: string): void {
    const line = this.#io.json ? JSON.stringify({ atNs: this.#clock.nowNs(), ...document }) : text;
    this.#io.stdout(`${line}\n`);
  }
}
