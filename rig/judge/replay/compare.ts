import { formatStatusWord, statusWordMeaning } from '../../../src/apdu/status-word.ts';
import { counted } from '../../report/words.ts';
import { type TlvNode, tlvTree } from '../../trace/tlv-tree.ts';
import { describeByte, describeField } from './describe.ts';
import { digitsFit, firstMismatch, HexTemplate, hexOf } from './hex-template.ts';
import { type ByteSpan, type Location, locate, pathFits } from './location.ts';
import type { Divergence } from './model.ts';
import type { Range, ReplayRule, RuleSet, StatusRule } from './rules.ts';
import type { Scope } from './scope.ts';
import type { AnswerPart } from './transfer.ts';

/** What an answer is compared with, and how. */
export interface Expectation {
  /** Digits of the whole answer, `X` where any digit will do; null: nothing is compared but what follows. */
  readonly answer: string | null;
  /** More bytes may follow; then the status word is not the end of `answer` but compared by `status` alone. */
  readonly open: boolean;
  /** Patterns of four digits; null: any. */
  readonly status: readonly string[] | null;
  readonly mask: readonly Location[];
  readonly ignoreTags: readonly (readonly string[])[];
  readonly ranges: readonly Range[];
}

/**
 * What the answer to a recorded exchange must be.
 * @param recorded the answer in the trace, masked bytes as `XX`
 * @throws {TemplateError} a value that is not known
 */
export function expectation(recorded: string, rule: ReplayRule | null, rules: RuleSet, scope: Scope): Expectation {
  const form = rule?.answer ?? 'same';
  const template = form instanceof HexTemplate ? form : null;
  const answer = template !== null ? template.fill(scope.lookup) : form === 'any' ? null : scope.followed(recorded);
  const open = template?.open ?? false;
  // What the rule writes itself is exact; what it leaves to the trace obeys the status that holds for all.
  const written: StatusRule = rule?.status ?? (form === 'same' ? (rules.status ?? 'same') : 'any');
  const own = answer !== null && !open && rule?.status == null && form !== 'same' ? [answer.slice(-4)] : null;
  return {
    answer,
    open,
    status: own ?? statusPatterns(written, recorded.slice(-4)),
    mask: rule?.mask ?? [],
    ignoreTags: [...rules.ignoreTags, ...(rule?.ignoreTags ?? [])],
    ranges: rule?.ranges ?? [],
  };
}

function statusPatterns(status: StatusRule, recorded: string): readonly string[] | null {
  if (status === 'any') return null;
  if (status === 'same') return [recorded];
  return status === 'same-class' ? [`${recorded.slice(0, 2)}XX`] : status;
}

/**
 * The first place where an answer is not what was expected; null when it is.
 * @param part where the data of the answer lie in a file or a longer answer, to name the field
 */
export function compareAnswer(expected: Expectation, got: Uint8Array, part: AnswerPart): Divergence | null {
  const hex = hexOf(got);
  const status = hex.slice(-4);
  if (expected.status !== null && !expected.status.some((pattern) => digitsFit(status, pattern))) {
    return statusDivergence(expected, got);
  }
  const data = { offset: 0, length: got.length - 2 };
  const outside = rangeDivergence(expected.ranges, got, data, part);
  if (outside !== null) return outside;
  if (expected.answer === null) return null;
  const wanted = expected.open ? expected.answer : expected.answer.slice(0, -4);
  return compareData(wanted, hex.slice(0, -4), expected, data, got, part);
}

function statusDivergence({ status }: Expectation, got: Uint8Array): Divergence {
  const sw = ((got.at(-2) as number) << 8) | (got.at(-1) as number);
  const patterns = status ?? [];
  const words = patterns.map((pattern) =>
    pattern.includes('X') ? pattern : `${pattern} (${statusWordMeaning(Number.parseInt(pattern, 16))})`,
  );
  return {
    kind: 'status',
    offset: got.length - 2,
    field: [],
    expected: words.join(' or '),
    got: `${formatStatusWord(sw)} (${statusWordMeaning(sw)})`,
    shownFrom: null,
    where: 'status word',
  };
}

function rangeDivergence(
  ranges: readonly Range[],
  got: Uint8Array,
  data: ByteSpan,
  part: AnswerPart,
): Divergence | null {
  for (const { at, from, to } of ranges) {
    const span = locate(at, got, data);
    const bounds = `${numberHex(from)} to ${numberHex(to)}`;
    if (span === null) {
      const where = `${wordsOf(at)}: not there`;
      return { kind: 'missing', offset: null, field: [], expected: bounds, got: '', shownFrom: null, where };
    }
    const hex = hexOf(got.subarray(span.offset, span.offset + span.length));
    const value = hex === '' ? 0n : BigInt(`0x${hex}`);
    if (value >= from && value <= to) continue;
    const { field, where } = describeByte(part.whole, part.start + span.offset);
    const shownFrom = { expected: span.offset, got: span.offset };
    return {
      kind: 'range',
      offset: span.offset,
      field,
      expected: bounds,
      got: hex,
      shownFrom,
      where: `${where}: out of range`,
    };
  }
  return null;
}

function compareData(
  wanted: string,
  hex: string,
  expected: Expectation,
  data: ByteSpan,
  got: Uint8Array,
  part: AnswerPart,
): Divergence | null {
  const byTags =
    expected.ignoreTags.length > 0 || [...expected.mask, ...expected.ranges.map(({ at }) => at)].some(isTag);
  const free = [...expected.mask, ...expected.ranges.map(({ at }) => at)];
  const pattern = blank(wanted, free, got, data);
  if (expected.open ? digitsFit(hex, pattern, true) : digitsFit(hex, pattern)) return null;
  const structural = new TagComparison(pattern, hex, byTags ? expected : null);
  if (byTags && !expected.open && structural.applies) return structural.first(part);
  const offset = firstMismatch(hex, pattern);
  // A longer name moves all that comes after it: then the data objects say better than the bytes where it began.
  if (structural.applies && pattern.length !== hex.length && !expected.open) {
    const named = structural.first(part);
    if (named !== null) return named;
  }
  if (offset === null) {
    const at = Math.min(hex.length, pattern.length) / 2;
    const where = `${at === hex.length / 2 ? 'the answer ends early' : 'more bytes than expected'}, after byte ${at}`;
    const sizes = [pattern, hex].map((each) => `${each.length / 2} bytes`) as [string, string];
    return { kind: 'length', offset: at, field: [], expected: sizes[0], got: sizes[1], shownFrom: null, where };
  }
  return describeField(pattern, hex, offset, part);
}

const isTag = ({ what }: Location): boolean => what.kind === 'tag';

/** `X` in the places that are not compared, as far as they are bytes. */
function blank(pattern: string, places: readonly Location[], got: Uint8Array, data: ByteSpan): string {
  let result = pattern;
  for (const place of places) {
    if (place.what.kind === 'tag') continue;
    const span = locate(place, got, data);
    if (span === null) continue;
    const from = 2 * span.offset;
    const to = Math.min(2 * (span.offset + span.length), result.length);
    if (from < to) result = result.slice(0, from) + 'X'.repeat(to - from) + result.slice(to);
  }
  return result;
}

/** Compares data object by data object, so that one may differ in length, or be missing, and the rest still be judged. */
class TagComparison {
  /** Whether both sides are data objects. */
  readonly applies: boolean;
  readonly #pattern: string;
  readonly #hex: string;
  readonly #expected: Expectation | null;
  readonly #left: readonly TlvNode[];
  readonly #right: readonly TlvNode[];
  readonly #ends: readonly [number, number];

  constructor(pattern: string, hex: string, expected: Expectation | null) {
    this.#pattern = pattern;
    this.#hex = hex;
    this.#expected = expected;
    const left = tlvTree(Buffer.from(pattern.replaceAll('X', '0'), 'hex'));
    const right = tlvTree(Buffer.from(hex, 'hex'));
    this.applies = left.sound && right.sound;
    this.#left = left.nodes;
    this.#right = right.nodes;
    this.#ends = [endOf(left.nodes), endOf(right.nodes)];
  }

  first(part: AnswerPart): Divergence | null {
    const inside = this.#level(this.#left, this.#right, [], part);
    if (inside !== null) return inside;
    const rest = [this.#pattern.slice(2 * this.#ends[0]), this.#hex.slice(2 * this.#ends[1])] as const;
    if (digitsFit(rest[1], rest[0])) return null;
    const padding = arePadding(rest);
    // A record of a fixed length has less of it where an object that is not compared is longer.
    if (padding && this.#pattern.length === this.#hex.length) return null;
    const kind = padding ? 'length' : 'value';
    const sizes = padding ? `: ${counted(rest[0].length / 2, 'byte')} of padding, got ${rest[1].length / 2}` : '';
    const where = `after the last data object${sizes}`;
    const shownFrom = { expected: this.#ends[0], got: this.#ends[1] };
    return { kind, offset: this.#ends[1], field: [], expected: rest[0], got: rest[1], shownFrom, where };
  }

  #level(
    left: readonly TlvNode[],
    right: readonly TlvNode[],
    above: readonly string[],
    part: AnswerPart,
  ): Divergence | null {
    const ours = left.filter((node) => !this.#ignored([...above, node.tag]));
    const theirs = right.filter((node) => !this.#ignored([...above, node.tag]));
    for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
      const mine = ours[i];
      const other = theirs[i];
      if (mine !== undefined && (other === undefined || other.tag !== mine.tag)) {
        const extra = other !== undefined && theirs.length > ours.length;
        return extra ? this.#alone('extra', other, above) : this.#alone('missing', mine, above);
      }
      if (mine === undefined) return this.#alone('extra', other as TlvNode, above);
      const path = [...above, mine.tag];
      if (this.#masked(path)) continue;
      const found = this.#pair(mine, other as TlvNode, path, part);
      if (found !== null) return found;
    }
    return null;
  }

  #pair(mine: TlvNode, other: TlvNode, path: readonly string[], part: AnswerPart): Divergence | null {
    if (mine.children.length > 0 || other.children.length > 0) {
      return this.#level(mine.children, other.children, path, part);
    }
    const expected = valueHex(this.#pattern, mine);
    const got = valueHex(this.#hex, other);
    if (digitsFit(got, expected)) return null;
    const at = firstMismatch(got, expected);
    const { field, where } = describeByte(path, at);
    const kind = at === null ? 'length' : 'value';
    const sizes = at === null ? ` (${expected.length / 2} bytes, got ${got.length / 2})` : '';
    const shownFrom = { expected: mine.valueOffset, got: other.valueOffset };
    return { kind, offset: other.valueOffset + (at ?? 0), field, expected, got, shownFrom, where: where + sizes };
  }

  #alone(kind: 'missing' | 'extra', node: TlvNode, above: readonly string[]): Divergence {
    const { field, where } = describeByte([...above, node.tag], null);
    const value = valueHex(kind === 'missing' ? this.#pattern : this.#hex, node);
    const [expected, got] = kind === 'missing' ? [value, ''] : ['', value];
    const words = kind === 'missing' ? 'is missing' : 'was not expected';
    const shownFrom = { expected: node.valueOffset, got: node.valueOffset };
    return { kind, offset: node.offset, field, expected, got, shownFrom, where: `${where} ${words}` };
  }

  #ignored(path: readonly string[]): boolean {
    return this.#expected?.ignoreTags.some((wanted) => pathFits(path, wanted)) ?? false;
  }

  /** Must be there, with any value. */
  #masked(path: readonly string[]): boolean {
    if (this.#expected === null) return false;
    const places = [...this.#expected.mask, ...this.#expected.ranges.map(({ at }) => at)];
    return places.some(({ what }) => what.kind === 'tag' && pathFits(path, what.path));
  }
}

/** Where the last data object ends; padding comes after it. */
function endOf(nodes: readonly TlvNode[]): number {
  const last = nodes.at(-1);
  return last === undefined ? 0 : last.valueOffset + last.length;
}

/** Whether both are 00 bytes alone, or FF bytes alone, or nothing. */
function arePadding(rests: readonly [string, string]): boolean {
  const all = rests.join('');
  return /^(?:00)+$/.test(all) || /^(?:FF)+$/.test(all);
}

function valueHex(hex: string, node: TlvNode): string {
  return hex.slice(2 * node.valueOffset, 2 * (node.valueOffset + node.length));
}

function numberHex(value: bigint): string {
  const digits = value.toString(16).toUpperCase();
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

function wordsOf({ what }: Location): string {
  switch (what.kind) {
    case 'tag':
      return `data object ${what.path.join('/')}`;
    case 'bytes':
      return `bytes ${what.from}-${what.to ?? ''}`;
    default:
      return what.kind;
  }
}
