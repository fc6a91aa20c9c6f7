import { UsageError } from '../../../console/failure.ts';
import { CONTEXT_MS, PRESENCE_MS } from '../presence.ts';

/** A fault on demand. Docs, help and tests come from this table. */
export interface FaultRow {
  /** What its value means; null: it has none. */
  readonly value: { readonly unit: string; readonly standard: number } | null;
  /** What the issuer does. */
  readonly does: string;
  /** What the other side must show. */
  readonly shows: string;
}

export const FAULT_NAMES = [
  'server-timeout',
  'context-expired',
  'token-replayed',
  'two-readers',
  'stale-clock',
  'list-unreachable',
  'slow-phone',
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

export const FAULTS: Readonly<Record<FaultName, FaultRow>> = {
  'server-timeout': {
    value: { unit: 'ms', standard: 15_000 },
    does: 'carries a signed request out and keeps the answer back for that long',
    shows:
      'that no answer came in time and that it is not known whether the request was carried out; the same request identifier then gets the same answer',
  },
  'context-expired': {
    value: { unit: 'ms', standard: CONTEXT_MS },
    does: 'judges contexts as if that much time had passed since they were opened',
    shows: '`context-expired`: a new presence is needed; the claim is kept',
  },
  'token-replayed': {
    value: null,
    does: 'lets another terminal resolve a presence before the one that asks',
    shows: '`presence-used`: the person is asked for a new one; the replay has its line in the audit log',
  },
  'two-readers': {
    value: null,
    does: 'lets another terminal resolve a presence in the same moment as the one that asks',
    shows: 'the data, or `presence-used`: exactly one of the two gets them',
  },
  'stale-clock': {
    value: { unit: 's', standard: 86_400 },
    does: "judges signed requests by a clock that is that far ahead of the machine's",
    shows: '`clock-wrong`, with how far the clocks differ; nothing was carried out',
  },
  'list-unreachable': {
    value: null,
    does: 'answers no request for the status list',
    shows: 'how old its own list is, or that it has none; it accepts no card without one unless told to',
  },
  'slow-phone': {
    value: { unit: 'ms', standard: PRESENCE_MS + 1000 },
    does: 'makes presences as old as if the phone had shown them that late',
    shows: '`presence-expired`: the person is asked for a new one',
  },
};

/** A fault that was asked for. */
export interface OrderedFault {
  readonly name: FaultName;
  /** In the unit of its row; 0 when it has none. */
  readonly value: number;
  /** How many times more; null: until it is taken back. */
  readonly times: number | null;
}

const FORM = /^([a-z-]+)(?:=(\d{1,9}))?(?:x(\d{1,6}))?$/;

/**
 * `NAME`, `NAME=VALUE`, and either with `xTIMES` at its end.
 * @throws {UsageError}
 */
export function readFault(text: string): OrderedFault {
  const [, name, value, times] = FORM.exec(text) ?? [];
  const begun = /^[a-z-]+/.exec(text)?.[0] ?? '';
  if (name === undefined && isFaultName(begun)) {
    throw new UsageError(`"${text}" orders no fault: it is ${begun} or ${begun}=NUMBER, and may end with xTIMES`);
  }
  if (name === undefined || !isFaultName(name)) {
    throw new UsageError(`there is no fault "${text}"; there are: ${FAULT_NAMES.join(', ')}`);
  }
  const { value: row } = FAULTS[name];
  if (value !== undefined && row === null) throw new UsageError(`the fault ${name} takes no value`);
  if (times === '0') throw new UsageError(`the fault ${name} happens at least once`);
  return {
    name,
    value: value === undefined ? (row?.standard ?? 0) : Number(value),
    times: times === undefined ? null : Number(times),
  };
}

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name);
}

/** The faults of a running issuer. */
export class Faults {
  readonly #ordered = new Map<FaultName, OrderedFault>();

  constructor(ordered: readonly OrderedFault[] = []) {
    for (const fault of ordered) this.order(fault);
  }

  order(fault: OrderedFault): void {
    this.#ordered.set(fault.name, fault);
  }

  /** Harmless when it was not ordered. */
  cancel(name: FaultName): void {
    this.#ordered.delete(name);
  }

  list(): readonly OrderedFault[] {
    return [...this.#ordered.values()];
  }

  /** Whether it happens now, which counts as one of its times. @returns its value, or null */
  take(name: FaultName): number | null {
    const fault = this.#ordered.get(name);
    if (fault === undefined) return null;
    const times = fault.times === null ? null : fault.times - 1;
    if (times === 0) this.#ordered.delete(name);
    else this.#ordered.set(name, { ...fault, times });
    return fault.value;
  }
}
