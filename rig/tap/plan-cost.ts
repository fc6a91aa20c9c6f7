import { INVOICE_RECORD_SIZE, OWN_AID } from '../../src/applet/vitale/index.ts';
import { activationCycles, exchangeCycles, ppsCycles } from '../../src/iso-dep/air-time.ts';
import type { BitRate } from '../../src/iso-dep/bit-rate.ts';
import { cyclesToNs } from '../../src/iso-dep/timing.ts';
import { PLANS, type PlanName } from './options.ts';
import type { OwnContent } from './plan-content.ts';
import { withoutPadding } from './plan-minimal.ts';
import type { TimedExchange } from './terminal.ts';

/** Lengths of a command and its response, in bytes. */
export interface ExchangeLengths {
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** What a read plan costs. */
export interface PlanCost {
  readonly plan: PlanName;
  /**
   * `exchanged`: these are the exchanges of this tap. `predicted`: they follow from what was read. `at least`: so too,
   * but the link or the card may need more: over T=0 the card corrects Le (6Cxx), and some links cut long answers.
   */
  readonly basis: 'exchanged' | 'predicted' | 'at least';
  readonly exchanges: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Bytes sent and received to bytes of data. */
  readonly carriedRatio: number;
  /** Activation and exchanges. */
  readonly air: readonly AirTime[];
}

/** Time on air by the model, both ways at one rate; the card's own work is no part of it. */
export interface AirTime {
  readonly kbitPerSecond: number;
  readonly microseconds: number;
}

/** What the own application's data take by themselves, and what each plan makes of it. */
export interface PlanComparison {
  readonly dataBytes: number;
  readonly costs: readonly PlanCost[];
  /** Activation and one exchange that brings the data: no plan can be quicker. */
  readonly floor: readonly AirTime[];
}

/** What is known of the way to the card. */
export interface PlanLink {
  /** As the session says: `T=1`, `T=0`, `ISO-DEP`. */
  readonly protocol: string;
  /** Whether it is known to carry answers of any length. */
  readonly carriesAll: boolean;
}

/** Phases of the terminal that read the own application. */
const OWN_PHASES: readonly string[] = ['select', 'verify', 'read'];
const SHORT = 5;
const EXTENDED = 7;
const STATUS = 2;
const LARGEST_SHORT = 256;
/** FCI of the own application on our cards. */
const FCI = 42;

/** The card that the model puts on air: four bytes of UID, ten historical bytes in the ATS, 256-byte frames both ways. */
const MODELLED = { uidLength: 4, atsLength: 15, frameSize: 256 } as const;
const RATES: readonly (readonly [kbitPerSecond: number, rate: BitRate])[] = [
  [106, 1],
  [848, 8],
];

/** What the plan of this tap cost, and what the other one would. */
export function comparePlans(
  ran: PlanName,
  exchanges: readonly TimedExchange[],
  content: OwnContent,
  link: PlanLink,
): PlanComparison {
  const own = exchanges.filter(({ phase }) => OWN_PHASES.includes(phase));
  const dataBytes = dataLength(content);
  const verify = own.filter(({ phase }) => phase === 'verify');
  const extended = link.protocol !== 'T=0';
  return {
    dataBytes,
    costs: PLANS.map((plan) => {
      if (plan === ran) return costOf(plan, 'exchanged', own, dataBytes);
      const rest = plan === 'classic' ? classicExchanges(content) : minimalExchanges(content, extended);
      const sure = extended && (plan === 'classic' || link.carriesAll);
      return costOf(plan, sure ? 'predicted' : 'at least', [selection(plan), ...verify, ...rest], dataBytes);
    }),
    floor: airTimes([{ sentBytes: EXTENDED, receivedBytes: dataBytes + STATUS }]),
  };
}

/** Bytes of the data themselves: templates without padding, certificate and signature. */
function dataLength(content: OwnContent): number {
  const files = [content.affiliation, content.beneficiaries, content.rights, content.invoices];
  const records = files.flatMap((file) => file.records);
  return records.reduce((sum, record) => sum + withoutPadding(record).length, content.signature.data.length);
}

function selection(plan: PlanName): ExchangeLengths {
  const named = SHORT + OWN_AID.length;
  return plan === 'classic'
    ? { sentBytes: named + 1, receivedBytes: FCI + STATUS }
    : { sentBytes: named, receivedBytes: STATUS };
}

/** Each record, one more to learn that there are no more, and the signature in pieces. */
function classicExchanges({ affiliation, beneficiaries, rights, invoices, signature }: OwnContent): ExchangeLengths[] {
  const read = (length: number): ExchangeLengths => ({ sentBytes: SHORT, receivedBytes: length + STATUS });
  const file = (lengths: readonly number[]): ExchangeLengths[] => [...lengths, 0].map(read);
  const pieces: ExchangeLengths[] = [];
  const { length } = signature.data;
  for (let at = 0; ; at += LARGEST_SHORT) {
    const piece = Math.min(length - at, LARGEST_SHORT);
    pieces.push(read(Math.max(piece, 0)));
    if (piece < LARGEST_SHORT) break;
  }
  return [
    ...[affiliation, beneficiaries, rights].flatMap(({ records }) => file(records.map((record) => record.length))),
    ...file(invoices.records.map(() => INVOICE_RECORD_SIZE)),
    ...pieces,
  ];
}

/** The export object, with GET RESPONSE for what a short Le leaves behind. */
function minimalExchanges(content: OwnContent, extended: boolean): ExchangeLengths[] {
  const length = dataLength(content);
  if (extended) return [{ sentBytes: EXTENDED, receivedBytes: length + STATUS }];
  const pieces: ExchangeLengths[] = [];
  for (let at = 0; at < length || at === 0; at += LARGEST_SHORT) {
    pieces.push({ sentBytes: SHORT, receivedBytes: Math.min(length - at, LARGEST_SHORT) + STATUS });
  }
  return pieces;
}

function costOf(
  plan: PlanName,
  basis: PlanCost['basis'],
  exchanges: readonly ExchangeLengths[],
  dataBytes: number,
): PlanCost {
  const sentBytes = exchanges.reduce((sum, each) => sum + each.sentBytes, 0);
  const receivedBytes = exchanges.reduce((sum, each) => sum + each.receivedBytes, 0);
  return {
    plan,
    basis,
    exchanges: exchanges.length,
    sentBytes,
    receivedBytes,
    carriedRatio: (sentBytes + receivedBytes) / dataBytes,
    air: airTimes(exchanges),
  };
}

function airTimes(exchanges: readonly ExchangeLengths[]): AirTime[] {
  return RATES.map(([kbitPerSecond, rate]) => ({ kbitPerSecond, microseconds: airMicroseconds(exchanges, rate) }));
}

function airMicroseconds(exchanges: readonly ExchangeLengths[], rate: BitRate): number {
  const { uidLength, atsLength, frameSize } = MODELLED;
  const rates = { toCard: rate, toReader: rate };
  const activation = activationCycles({ uidLength, atsLength }) + (rate > 1 ? ppsCycles() : 0);
  const cycles = exchanges.map(({ sentBytes, receivedBytes }) =>
    exchangeCycles({ commandLength: sentBytes, responseLength: receivedBytes, fsc: frameSize, fsd: frameSize, rates }),
  );
  return cyclesToNs(cycles.reduce((sum, each) => sum + each, activation)) / 1000;
}

/** A table of it, as `vitap tap --plan` prints it. */
export function planLines({ dataBytes, costs, floor }: PlanComparison): string[] {
  const cell = (text: string, width: number): string => text.padStart(width);
  const times = (air: readonly AirTime[]): string =>
    air.map(({ microseconds }) => cell((microseconds / 1000).toFixed(1), 14)).join('');
  const rows = costs.map((cost) =>
    [
      `  ${cost.plan.padEnd(9)}${cost.basis.padEnd(11)}`,
      cell(`${cost.exchanges}`, 9),
      cell(`${cost.sentBytes}`, 11),
      cell(`${cost.receivedBytes}`, 10),
      cell(cost.carriedRatio.toFixed(3), 10),
      times(cost.air),
    ].join(''),
  );
  const heads = RATES.map(([kbitPerSecond]) => cell(`air ms at ${kbitPerSecond}`, 14)).join('');
  return [
    'Reading the own application',
    `  ${'plan'.padEnd(20)}exchanges  bytes out  bytes in   to data${heads}`,
    ...rows,
    `  ${'floor'.padEnd(9)}${'one exchange'.padEnd(51)}${times(floor)}`,
    `  The data are ${dataBytes} bytes. Air is modelled: activation and exchanges, frames of ${MODELLED.frameSize} bytes, no time of the card.`,
  ];
}
