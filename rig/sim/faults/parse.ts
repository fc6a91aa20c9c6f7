import { FAULT_NAMES, FAULTS, type Fault, type FaultName } from './plan.ts';

/** A fault of one board, as text names it. */
export interface BoardFault {
  readonly board: string;
  readonly fault: Fault;
}

/** A fault that makes no sense, and where in the text, from 1. */
export class FaultSyntaxError extends Error {
  readonly column: number;

  constructor(column: number, message: string) {
    super(message);
    this.name = 'FaultSyntaxError';
    this.column = column;
  }
}

/**
 * `BOARD:NAME[=VALUE][@WHEN]`, WHEN being `N` (once, at the Nth), `N-M` or `N-` (from the Nth on).
 * @throws {FaultSyntaxError}
 */
export function parseFault(text: string): BoardFault {
  const colon = text.indexOf(':');
  if (colon < 1)
    throw new FaultSyntaxError(1, 'a fault is written BOARD:NAME, BOARD:NAME=VALUE or BOARD:NAME=VALUE@WHEN');
  const at = text.indexOf('@', colon);
  const head = text.slice(colon + 1, at < 0 ? undefined : at);
  const equals = head.indexOf('=');
  const name = checkName(equals < 0 ? head : head.slice(0, equals), colon + 2);
  const value = equals < 0 ? null : { text: head.slice(equals + 1), column: colon + 2 + equals + 1 };
  const when = at < 0 ? null : { text: text.slice(at + 1), column: at + 2 };
  return { board: text.slice(0, colon), fault: makeFault(name, value, when) };
}

/** A piece of text and where it begins. */
interface Piece {
  readonly text: string;
  readonly column: number;
}

/** @throws {FaultSyntaxError} */
export function checkName(name: string, column: number): FaultName {
  const known = FAULT_NAMES.find((each) => each === name);
  if (known !== undefined) return known;
  throw new FaultSyntaxError(column, `there is no fault \`${name}\`; there are ${FAULT_NAMES.join(', ')}`);
}

/** @throws {FaultSyntaxError} */
export function makeFault(name: FaultName, value: Piece | null, when: Piece | null): Fault {
  const description = FAULTS[name];
  if (value !== null && description.value === null) {
    throw new FaultSyntaxError(value.column, `\`${name}\` takes no value`);
  }
  if (when !== null && description.counts === null) {
    throw new FaultSyntaxError(when.column, `\`${name}\` holds all the time: there is nothing to count`);
  }
  return { name, value: checkValue(name, value), ...checkWhen(when) };
}

function checkValue(name: FaultName, piece: Piece | null): number {
  const described = FAULTS[name].value;
  if (described === null) return 0;
  if (piece === null) return described.absent;
  const value = /^\d+(\.\d+)?$/.test(piece.text) ? Number(piece.text) : Number.NaN;
  if (!(value >= described.least && value <= described.most)) {
    const { what, least, most } = described;
    throw new FaultSyntaxError(
      piece.column,
      `\`${piece.text}\` is not a value of \`${name}\`: ${what}, ${least} to ${most}`,
    );
  }
  return value;
}

function checkWhen(piece: Piece | null): { from: number; to: number } {
  if (piece === null) return { from: 1, to: Number.POSITIVE_INFINITY };
  const match = /^(\d{1,9})(-(\d{0,9}))?$/.exec(piece.text);
  const from = Number(match?.[1] ?? 0);
  const to = match?.[2] === undefined ? from : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
  if (match === null || from < 1 || to < from) {
    throw new FaultSyntaxError(piece.column, `\`${piece.text}\` is not a place: N, N-M or N-, counted from 1`);
  }
  return { from, to };
}
