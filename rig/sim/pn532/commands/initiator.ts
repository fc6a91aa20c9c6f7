import { copyBytes } from '../../../../src/apdu/copy-bytes.ts';
import { endsInCrcA, withCrcA } from '../../../../src/iso-dep/crc-a.ts';
import type { AirFrame } from '../../field/field.ts';
import { IsoDepPcd, type PcdFailure, type ResponsePart } from '../iso-dep-pcd.ts';
import { LARGEST_DATA } from '../picc.ts';
import type { SelectedCard } from '../poller.ts';
import {
  type ChipCommand,
  type ChipState,
  type CommandTable,
  type ListedCard,
  takeField,
  timeoutNs,
} from '../state.ts';
import { PARAMETER, STATUS } from '../status.ts';
import { saysIsoDep } from '../target.ts';
import { pauseNs, type Work } from '../work.ts';

/** The chip as a reader of type A cards. Of other types no simulated card exists: they are polled, and never found. */

const MOST_CARDS = 2;
const FOR_EVER = 0xff;
/** BrTy of InListPassiveTarget with the lengths of InitiatorData that they take, and how long one poll lasts. */
const POLLS: Readonly<Record<number, { readonly data: readonly number[]; readonly ns: number }>> = {
  0: { data: [0, 4, 7, 8, 10, 12], ns: 0 },
  1: { data: [5], ns: 3_000_000 },
  2: { data: [5], ns: 3_000_000 },
  3: { data: [1, 2], ns: 5_000_000 },
  4: { data: [0], ns: 2_000_000 },
};

/** Polls for type A cards until one is there or the retries are used up. */
function* pollTypeA(chip: ChipState, wanted: Uint8Array | null, retries: number): Work<SelectedCard | null> {
  for (let attempt = 0; ; attempt++) {
    const found = yield* chip.poller.select(wanted);
    if (found !== null) return found;
    if (retries !== FOR_EVER && attempt >= retries) return null;
    // Polling for ever: nothing can be new until a card comes or goes.
    if (retries === FOR_EVER && attempt > 1) yield { until: (wake) => chip.place.onceChanged(wake) };
    yield* pauseNs(5_000_000);
  }
}

/** Takes a selected card into the list, with its ATS when it has one and the chip is to ask for it. */
function* listCard(chip: ChipState, card: SelectedCard, at: number): Work<Uint8Array> {
  const wanted = saysIsoDep(card.sak) && chip.has(PARAMETER.autoRats);
  const isoDep = wanted ? yield* IsoDepPcd.activate(chip.poller, at) : null;
  chip.cards[at] = { card, isoDep, deselected: false };
  const [low, high] = card.atqa as unknown as [number, number];
  return Uint8Array.of(at + 1, high, low, card.sak, card.uid.length, ...card.uid, ...(isoDep?.atsBytes ?? []));
}

/** InitiatorData may carry the cascade tags of longer identifiers. */
function withoutCascadeTags(data: Uint8Array): Uint8Array | null {
  if (data.length === 0) return null;
  if (data.length === 8) return copyBytes(data, 1);
  return data.length === 12 ? Uint8Array.of(...data.subarray(1, 4), ...data.subarray(5)) : data;
}

const inListPassiveTarget: ChipCommand = {
  name: 'InListPassiveTarget',
  *run(chip, parameters) {
    const [most, type, ...data] = parameters;
    const poll = POLLS[type ?? -1];
    if (most === undefined || poll === undefined || most < 1 || most > MOST_CARDS) return null;
    if (!poll.data.includes(data.length)) return null;
    yield* takeField(chip);
    chip.cards.fill(null);
    const { passiveActivation } = chip.retries;
    if (type !== 0x00) {
      yield* pauseNs(poll.ns * (passiveActivation === FOR_EVER ? 1 : passiveActivation + 1));
      if (passiveActivation === FOR_EVER) yield { until: () => () => {} };
      return Uint8Array.of(0);
    }
    const found: number[] = [];
    let count = 0;
    for (; count < most; count++) {
      // For a second card one look is enough.
      const card = yield* pollTypeA(
        chip,
        withoutCascadeTags(Uint8Array.from(data)),
        count === 0 ? passiveActivation : 0,
      );
      if (card === null) break;
      found.push(...(yield* listCard(chip, card, count)));
    }
    return Uint8Array.of(count, ...found);
  },
};

/** The card of a Tg byte, or the status that says why not. */
function listed(chip: ChipState, tg: number): ListedCard | number {
  const card = chip.cards[(tg & 0x0f) - 1];
  if (card === undefined || (tg & 0x0f) === 0) return STATUS.parameter;
  return card === null ? STATUS.wrongContext : card;
}

const FAILURES: Readonly<Record<PcdFailure, number>> = {
  timeout: STATUS.timeout,
  crc: STATUS.crc,
  protocol: STATUS.protocol,
};

const MORE = 0x40;

const inDataExchange: ChipCommand = {
  name: 'InDataExchange',
  *run(chip, parameters) {
    const [tg, ...rest] = parameters;
    if (tg === undefined || rest.length > LARGEST_DATA) return null;
    const card = listed(chip, tg);
    if (typeof card === 'number') return chip.failed(card);
    if (card.deselected) return chip.failed(STATUS.wrongContext);
    const data = Uint8Array.from(rest);
    const { isoDep } = card;
    if (isoDep === null) return yield* exchangeRaw(chip, data, true);
    if ((tg & MORE) !== 0) {
      const failure = yield* isoDep.sendPart(data);
      return failure === null ? Uint8Array.of(STATUS.ok) : chip.failed(FAILURES[failure]);
    }
    const goesOn = data.length === 0 && isoDep.hasMore;
    const part: ResponsePart | PcdFailure = goesOn
      ? yield* isoDep.readOn(LARGEST_DATA)
      : yield* isoDep.sendLast(data, LARGEST_DATA);
    if (typeof part === 'string') return chip.failed(FAILURES[part]);
    return Uint8Array.of(part.more ? STATUS.moreInformation : STATUS.ok, ...part.data);
  },
};

/** One frame as the host made it. @param always with CRC, whatever the registers say */
function* exchangeRaw(chip: ChipState, data: Uint8Array, always: boolean): Work<Uint8Array> {
  const { registers } = chip;
  const bytes = always || registers.addsCrc ? withCrcA(data) : data;
  const lastBits = always || registers.addsCrc ? 8 : registers.lastBitsToSend;
  const bits = bytes.length === 0 ? 0 : bytes.length * 8 - (8 - lastBits);
  if (!(always || registers.sendsTypeA)) {
    yield* pauseNs(timeoutNs(chip.timeouts.retry));
    return chip.failed(STATUS.timeout);
  }
  const frame: AirFrame = { bytes, bits, rate: always ? 1 : registers.sendRate };
  const answer = yield* chip.poller.exchange(frame, timeoutNs(chip.timeouts.retry));
  if (answer === 'silence') return chip.failed(STATUS.timeout);
  if (answer === 'damaged') return chip.failed(STATUS.crc);
  registers.setLastBitsReceived(answer.bits % 8);
  if (!(always || registers.checksCrc)) return Uint8Array.of(STATUS.ok, ...answer.bytes);
  // Four bits are MIFARE's acknowledgement and have no CRC.
  if (answer.bits < 8) return Uint8Array.of(STATUS.ok, ...answer.bytes);
  if (!endsInCrcA(answer.bytes)) return chip.failed(STATUS.crc);
  return Uint8Array.of(STATUS.ok, ...answer.bytes.subarray(0, answer.bytes.length - 2));
}

const inCommunicateThru: ChipCommand = {
  name: 'InCommunicateThru',
  *run(chip, parameters) {
    if (parameters.length > LARGEST_DATA) return null;
    yield* takeField(chip);
    return yield* exchangeRaw(chip, copyBytes(parameters), false);
  },
};

/** The cards that a Tg stands for: 0 for all. */
function* each(chip: ChipState, tg: number, treat: (card: ListedCard, at: number) => Work<void>): Work<Uint8Array> {
  if (tg > MOST_CARDS) return chip.failed(STATUS.parameter);
  if (tg !== 0 && chip.cards[tg - 1] === null) return chip.failed(STATUS.wrongContext);
  for (const [at, card] of chip.cards.entries()) {
    if (card !== null && (tg === 0 || tg === at + 1)) yield* treat(card, at);
  }
  return Uint8Array.of(STATUS.ok);
}

/** S(DESELECT), or HLTA for a card without blocks. */
function* toHalt(chip: ChipState, card: ListedCard): Work<void> {
  if (card.deselected) return;
  if (card.isoDep !== null) yield* card.isoDep.deselect();
  else yield* chip.poller.exchangeBlock(Uint8Array.of(0x50, 0x00), 1_000_000);
  card.deselected = true;
}

const inDeselect: ChipCommand = {
  name: 'InDeselect',
  *run(chip, parameters) {
    if (parameters.length !== 1) return null;
    return yield* each(chip, parameters[0]!, (card) => toHalt(chip, card));
  },
};

const inRelease: ChipCommand = {
  name: 'InRelease',
  *run(chip, parameters) {
    if (parameters.length !== 1) return null;
    return yield* each(chip, parameters[0]!, function* (card, at) {
      yield* toHalt(chip, card);
      chip.cards[at] = null;
    });
  },
};

const inSelect: ChipCommand = {
  name: 'InSelect',
  *run(chip, parameters) {
    if (parameters.length !== 1) return null;
    const card = listed(chip, parameters[0]!);
    if (typeof card === 'number') return chip.failed(card);
    if (!card.deselected) return Uint8Array.of(STATUS.ok);
    const found = yield* chip.poller.select(card.card.uid);
    if (found === null) return chip.failed(STATUS.timeout);
    yield* listCard(chip, found, (parameters[0]! & 0x0f) - 1);
    return Uint8Array.of(STATUS.ok);
  },
};

const LARGEST_RATE = 0x02;

const inPsl: ChipCommand = {
  name: 'InPSL',
  *run(chip, parameters) {
    if (parameters.length !== 3) return null;
    const [tg, toCard, toReader] = parameters as unknown as [number, number, number];
    const card = listed(chip, tg);
    if (typeof card === 'number') return chip.failed(card);
    if (toCard > LARGEST_RATE || toReader > LARGEST_RATE) return chip.failed(STATUS.parameter);
    if (card.isoDep === null || card.deselected) return chip.failed(STATUS.wrongContext);
    if (toCard === 0 && toReader === 0) return Uint8Array.of(STATUS.ok);
    const taken = yield* card.isoDep.selectRates(toCard, toReader);
    return taken ? Uint8Array.of(STATUS.ok) : chip.failed(STATUS.timeout);
  },
};

/** Types of InAutoPoll that a type A card can be found by, with the SEL_RES that each wants. */
const TYPE_A_POLLS: Readonly<Record<number, (sak: number) => number | null>> = {
  0: (sak) => (saysIsoDep(sak) ? 0x20 : 0x10),
  16: (sak) => (saysIsoDep(sak) ? null : 0x10),
  32: (sak) => (saysIsoDep(sak) ? 0x20 : null),
};
const OTHER_POLLS: readonly number[] = [1, 2, 3, 4, 0x11, 0x12, 0x23, 0x40, 0x41, 0x42, 0x80, 0x81, 0x82];
const MOST_POLL_TYPES = 15;
const POLL_PERIOD_NS = 150_000_000;

const inAutoPoll: ChipCommand = {
  name: 'InAutoPoll',
  *run(chip, parameters) {
    const [polls, period, ...types] = parameters;
    if (polls === undefined || polls === 0 || period === undefined || period < 1 || period > 15) return null;
    if (types.length < 1 || types.length > MOST_POLL_TYPES) return null;
    if (types.some((type) => TYPE_A_POLLS[type] === undefined && !OTHER_POLLS.includes(type))) return null;
    yield* takeField(chip);
    chip.cards.fill(null);
    for (let round = 0; polls === FOR_EVER || round < polls; round++) {
      for (const type of types) {
        const kindOf = TYPE_A_POLLS[type];
        const card = kindOf === undefined ? null : yield* chip.poller.select();
        const kind = card === null ? null : (kindOf?.(card.sak) ?? null);
        if (card !== null && kind !== null) {
          const data = yield* listCard(chip, card, 0);
          return Uint8Array.of(1, kind, data.length, ...data);
        }
        yield* pauseNs(period * POLL_PERIOD_NS);
      }
      if (polls === FOR_EVER && round > 0) yield { until: (wake) => chip.place.onceChanged(wake) };
    }
    return Uint8Array.of(0);
  },
};

export const INITIATOR: CommandTable = {
  64: inDataExchange,
  66: inCommunicateThru,
  68: inDeselect,
  74: inListPassiveTarget,
  78: inPsl,
  82: inRelease,
  84: inSelect,
  96: inAutoPoll,
};
