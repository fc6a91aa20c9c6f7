import { existsSync } from 'node:fs';
import { type BoardName, identifyNamed } from '../../board/board-name.ts';
import { isDrive, readUf2Info } from '../../board/uf2/drive.ts';
import type { ListedPort } from '../../endpoint/board-identity.ts';
import type { Capability } from '../api/capability.ts';
import type { BoardDriver } from '../campaign/work.ts';
import type { LocalDevice } from './devices.ts';
import type { FiledBoard } from './filed-board.ts';
import { portThings } from './things.ts';

type OfDriver = Pick<Capability, 'interfaces' | 'protocols' | 'extended'>;

const NO_CARD: OfDriver = { interfaces: [], protocols: [], extended: false };
const OF_DRIVER: Readonly<Record<BoardDriver, OfDriver>> = {
  pn532: { interfaces: ['contactless'], protocols: ['ISO-DEP'], extended: true },
  stm32: NO_CARD,
  uf2: NO_CARD,
  firmware: { interfaces: ['contact'], protocols: [], extended: true },
};
const MODELS: Readonly<Record<BoardDriver, string>> = {
  pn532: 'PN532',
  stm32: 'STM32',
  uf2: 'UF2',
  firmware: 'firmware',
};

/** A board as it is there now. @returns null: it is not */
export function boardDevice(filed: FiledBoard, listed: readonly ListedPort[]): LocalDevice | null {
  const { driver, path, partner, line } = filed;
  const isThere = (): boolean => (driver === 'uf2' ? isDrive(path) : existsSync(path));
  if (!isThere()) return null;
  const identity = identifyNamed(nameOf(filed), listed);
  const bootPort = line.boot.how === 'lines' ? line.boot.port : null;
  return {
    capability: {
      device: `board:${driver}:${path}`,
      kind: 'board',
      driver,
      model: driver === 'uf2' ? driveModel(path) : MODELS[driver],
      backend: identity.backend,
      ...OF_DRIVER[driver],
      ours: false,
      identity: identity.key,
      card: null,
    },
    reader: null,
    readerText: `${driver}:${path}`,
    link: null,
    board: filed,
    card: null,
    things: portThings(path, partner, bootPort),
    isThere,
  };
}

/** The firmware of a board answers on a serial port, and is known by it. */
function nameOf({ driver, path }: FiledBoard): BoardName {
  return { target: driver === 'firmware' ? 'stm32' : driver, path };
}

/** A drive may go between two looks. */
function driveModel(path: string): string {
  try {
    return readUf2Info(path).model.slice(0, 200);
  } catch {
    return MODELS.uf2;
  }
}
