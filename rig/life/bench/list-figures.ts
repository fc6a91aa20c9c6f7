import { compressStatuses, packStatuses, STATUS } from '../credential/status-list.ts';
import { listSize } from '../issuer/status-list.ts';

/** A status list that was built, not computed. */
export interface ListFigures {
  readonly activations: number;
  readonly invalid: number;
  readonly bytes: number;
  readonly compressedBytes: number;
  readonly packMs: number;
  readonly compressMs: number;
}

/** One activation in a hundred is not valid any more. */
const INVALID_SHARE = 100;
/** A multiplier and an increment of Numerical Recipes: places without a pattern that compression could use. */
const MULTIPLIER = 1_664_525;
const INCREMENT = 1_013_904_223;

/** Builds the list for so many activations: bits packed and compressed, as it is signed. */
export function listFigures(activations: number): ListFigures {
  const size = listSize(activations);
  const invalid = Math.floor(activations / INVALID_SHARE);
  const [from, packed] = [performance.now(), packStatuses(size, 1, drawn(activations, invalid))];
  const between = performance.now();
  const compressed = compressStatuses(packed);
  const to = performance.now();
  return {
    ...{ activations, invalid, bytes: packed.bytes.length, compressedBytes: compressed.length },
    packMs: between - from,
    compressMs: to - between,
  };
}

/** So many places, the same each time; some may come twice. */
function* drawn(activations: number, count: number): Generator<readonly [number, number], void, undefined> {
  let state = 1;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, MULTIPLIER) + INCREMENT) >>> 0;
    yield [Math.floor((state / 2 ** 32) * activations), STATUS.INVALID];
  }
}
