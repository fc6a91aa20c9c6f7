import type { Nvm } from '../../hal/nvm.ts';
import { rightByNumber } from '../../secure-channel/index.ts';
import type { SecurityEnvironment } from '../access/access-control.ts';
import type { CardFile } from '../files/card-file.ts';
import type { CardKey } from '../keys/key-store.ts';
import type { Pin } from '../pin/pin-store.ts';
import { ImageError } from './image-error.ts';
import { ENVIRONMENT, ENVIRONMENT_KIND, NO_PARENT, TERMINAL_RIGHT, TERMINAL_TYPES } from './layout.ts';
import { Section } from './section.ts';
import type { TerminalRight } from './specification.ts';
import type { TableRegion } from './superblock.ts';

const LARGEST_ENVIRONMENT = 14;

/** What environments name. */
export interface NamedThings {
  readonly files: readonly CardFile[];
  readonly pins: readonly Pin[];
  readonly keys: readonly CardKey[];
}

/** The security environments whose DF is there. @throws {ImageError} */
export function readEnvironments(nvm: Nvm, region: TableRegion, named: NamedThings): SecurityEnvironment[] {
  const directories = new Map(named.files.filter((file) => file.isDirectory).map((file) => [file.index, file]));
  const environments: SecurityEnvironment[] = [];
  const taken = new Set<number>();
  for (let i = 0; i < region.entries; i++) {
    const address = region.address + i * ENVIRONMENT.SIZE;
    const entry = new Section(nvm, address, ENVIRONMENT.SIZE);
    entry.check(ENVIRONMENT.CRC, `security environment ${i}`);
    if (entry.u16(ENVIRONMENT.DIRECTORY) === NO_PARENT) continue;
    const directory = directories.get(entry.u16(ENVIRONMENT.DIRECTORY));
    const id = entry.byte(ENVIRONMENT.ID) & 0x0f;
    const number = entry.u16(ENVIRONMENT.DIRECTORY) * 16 + id;
    const meaning = meaningOf(entry.byte(ENVIRONMENT.ID) >> 4, entry.byte(ENVIRONMENT.MEANS), named);
    const known = id >= 1 && id <= LARGEST_ENVIRONMENT && !taken.has(number);
    if (directory === undefined || meaning === null || !known) {
      throw new ImageError(`the card image is damaged: security environment ${i} makes no sense`);
    }
    taken.add(number);
    environments.push({ directory, id, address, ...meaning });
  }
  return environments;
}

type Meaning =
  | { readonly by: 'verify' | 'holder'; readonly pin: Pin }
  | { readonly by: 'terminal'; readonly right: TerminalRight }
  | { readonly by: 'key'; readonly key: CardKey };

function meaningOf(kind: number, means: number, { pins, keys }: NamedThings): Meaning | null {
  switch (kind) {
    case ENVIRONMENT_KIND.VERIFY:
    case ENVIRONMENT_KIND.HOLDER: {
      const pin = pins.find((each) => each.slot === means);
      return pin === undefined ? null : { by: kind === ENVIRONMENT_KIND.VERIFY ? 'verify' : 'holder', pin };
    }
    case ENVIRONMENT_KIND.TERMINAL:
    case ENVIRONMENT_KIND.TERMINAL_BY_CAN:
    case ENVIRONMENT_KIND.TERMINAL_BEFORE_CHIP:
    case ENVIRONMENT_KIND.TERMINAL_BY_CAN_BEFORE_CHIP: {
      const type = TERMINAL_TYPES[means >> TERMINAL_RIGHT.TYPE_SHIFT];
      const number = means & TERMINAL_RIGHT.NUMBER;
      if (type === undefined) return null;
      const right = number === TERMINAL_RIGHT.ANY ? null : rightByNumber(type, number);
      if (right === null && number !== TERMINAL_RIGHT.ANY) return null;
      const byCan = kind === ENVIRONMENT_KIND.TERMINAL_BY_CAN || kind === ENVIRONMENT_KIND.TERMINAL_BY_CAN_BEFORE_CHIP;
      const beforeChip = kind >= ENVIRONMENT_KIND.TERMINAL_BEFORE_CHIP;
      return { by: 'terminal', right: { type, right, byCan, ...(beforeChip && { beforeChip }) } };
    }
    case ENVIRONMENT_KIND.KEY: {
      const key = keys.find((each) => each.slot === means);
      return key === undefined || key.algorithm.kind !== 'aes' ? null : { by: 'key', key };
    }
    default:
      return null;
  }
}
