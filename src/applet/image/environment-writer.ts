import { rightNumber } from '../../secure-channel/index.ts';
import type { PlacedFile } from './file-placement.ts';
import { type ImageWriter, limit } from './image-writer.ts';
import { ENVIRONMENT, ENVIRONMENT_KIND, NO_PARENT, TERMINAL_RIGHT, TERMINAL_TYPES } from './layout.ts';
import type {
  KeySpecification,
  PinSpecification,
  SecurityEnvironmentSpecification,
  TerminalRight,
} from './specification.ts';
import { SpecificationError } from './specification-error.ts';

/** What environments can name: codes and keys in the order of their tables, and the files they stand in. */
export interface NamedThings {
  readonly files: readonly PlacedFile[];
  readonly pins: readonly { readonly directory: number; readonly pin: PinSpecification }[];
  readonly keys: readonly { readonly directory: number; readonly key: KeySpecification }[];
}

/** @throws {SpecificationError} it names what is not there */
export function writeEnvironment(
  image: ImageWriter,
  at: number,
  directory: number,
  environment: SecurityEnvironmentSpecification,
  named: NamedThings,
): void {
  limit(environment.id, 1, 14, 'number of a security environment');
  const [kind, means] = meaning(environment, directory, named);
  image.u16(at + ENVIRONMENT.DIRECTORY, directory);
  image.byte(at + ENVIRONMENT.ID, (kind << 4) | environment.id);
  image.byte(at + ENVIRONMENT.MEANS, means);
  image.checksum(at, ENVIRONMENT.CRC);
}

function meaning(
  environment: SecurityEnvironmentSpecification,
  directory: number,
  { files, pins, keys }: NamedThings,
): readonly [kind: number, means: number] {
  const { id } = environment;
  switch (environment.by) {
    case 'terminal':
      return [kindOf(environment.right), encodeRight(environment.right)];
    case 'key': {
      const isMeant = (at: number) => (each: (typeof keys)[number]) =>
        each.directory === at && each.key.reference === environment.key && each.key.algorithm.kind === 'aes';
      return [
        ENVIRONMENT_KIND.KEY,
        nearest(files, directory, (at) => keys.findIndex(isMeant(at)), `${id} names a key`),
      ];
    }
    default: {
      const isMeant = (at: number) => (each: (typeof pins)[number]) =>
        each.directory === at && each.pin.reference === environment.pin;
      const slot = nearest(files, directory, (at) => pins.findIndex(isMeant(at)), `${id} names a code`);
      return [environment.by === 'holder' ? ENVIRONMENT_KIND.HOLDER : ENVIRONMENT_KIND.VERIFY, slot];
    }
  }
}

/** Of its own directory, or one above. */
function nearest(
  files: readonly PlacedFile[],
  directory: number,
  find: (directory: number) => number,
  what: string,
): number {
  for (let at = directory; at !== NO_PARENT; at = (files[at] as PlacedFile).parent) {
    const slot = find(at);
    if (slot >= 0) return slot;
  }
  throw new SpecificationError(`security environment ${what} that is not there`);
}

function kindOf({ byCan, beforeChip = false }: TerminalRight): number {
  if (beforeChip) return byCan ? ENVIRONMENT_KIND.TERMINAL_BY_CAN_BEFORE_CHIP : ENVIRONMENT_KIND.TERMINAL_BEFORE_CHIP;
  return byCan ? ENVIRONMENT_KIND.TERMINAL_BY_CAN : ENVIRONMENT_KIND.TERMINAL;
}

function encodeRight({ type, right }: TerminalRight): number {
  const number = right === null ? TERMINAL_RIGHT.ANY : rightNumber(type, right);
  if (number < 0) throw new SpecificationError(`terminals of type ${type} have no right "${right}"`);
  return (TERMINAL_TYPES.indexOf(type) << TERMINAL_RIGHT.TYPE_SHIFT) | number;
}
