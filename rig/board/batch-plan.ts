import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { toHex } from '../../src/apdu/hex.ts';
import type { ImageNames } from '../card/image-name.ts';
import { CannotRun } from '../console/failure.ts';
import type { BoardIdentity } from '../endpoint/board-identity.ts';
import { counted } from '../report/words.ts';
import type { BatchJob } from './batch-job.ts';
import type { BatchRow } from './batch-list.ts';
import type { BatchFirmware, BatchOptions } from './batch-options.ts';
import { numberedRows, SERIAL_COLUMN, type SerialRange, UID_COLUMN } from './batch-serials.ts';
import type { BatchPlan } from './batch-state.ts';
import { type BoardTarget, identifyNamed } from './board-name.ts';
import { firmwareOf } from './flash-firmware.ts';
import { type FlashImage, readFlashImage } from './flash-image.ts';
import type { Bench } from './open-board.ts';
import { mountedDrives } from './uf2/drive.ts';

/** Gives every row its board and its card; all that is wrong with the plan is found before any board is touched. */
export function planBatch(
  rows: readonly BatchRow[],
  options: Pick<BatchOptions, 'boards' | 'image' | 'profile' | 'list' | 'firmware' | 'cardSerials' | 'cardUids'>,
  bench: Pick<Bench, 'listed'>,
): readonly BatchJob[] {
  const target = options.firmware?.target ?? 'pn532';
  const ports = options.boards === 'all' ? allOf(target, bench) : options.boards;
  const identify = (path: string): BoardIdentity => identifyNamed({ target, path }, bench.listed);
  refuseSameDevice(ports);
  const free = new Map(ports.map((port) => [port, identify(port)]));
  const getsNew = (row: BatchRow): boolean =>
    row.image === null && (row.profile !== null || (options.image === null && options.profile !== null));
  const { cardSerials, cardUids, list } = options;
  if (cardSerials !== undefined) rows = numberedRows(rows, cardSerials, SERIAL_COLUMN, getsNew, list);
  if (cardUids !== undefined) rows = numberedRows(rows, cardUids, UID_COLUMN, getsNew, list);
  const fixed = rows.find(({ uid }) => uid !== null && uid !== 'random');
  if (target === 'pn532' && fixed !== undefined) {
    throw new CannotRun(
      `${list}, line ${fixed.line}: as a card a PN532 has random UIDs alone, 08 and three bytes; it cannot show a fixed one`,
    );
  }
  const images = new Map<string, FlashImage>();
  const take = (row: BatchRow, identity: BoardIdentity | undefined, why: string): BoardIdentity => {
    if (identity === undefined) throw new CannotRun(`${options.list}, line ${row.line}: ${why}`);
    free.delete(identity.port);
    return identity;
  };
  const named = new Map<BatchRow, BoardIdentity>();
  // Rows that say which board come first, so that none of the others takes it.
  for (const row of rows) {
    if (row.port !== null) {
      // A simulated port is listed by nothing: naming it in the list is enough with --boards all.
      const found = free.get(row.port) ?? (options.boards === 'all' ? identify(row.port) : undefined);
      named.set(row, take(row, found, `port ${row.port} is not among --boards, or stands for another row`));
    } else if (row.identity !== null) {
      const all = [...free.values()].filter(
        ({ key, usb }) => key === row.identity || usb?.serialNumber === row.identity,
      );
      if (all.length > 1) {
        const which = all.map(({ port }) => port).join(' and ');
        throw new CannotRun(
          `${options.list}, line ${row.line}: ${which} both have the identity ${row.identity}: name the port instead`,
        );
      }
      const [found] = all;
      named.set(row, take(row, found, `no board with identity ${row.identity} is among the ports`));
    }
  }
  return rows.map((row) => {
    const next = [...free.values()][0];
    const why = `no board is left for serial number ${row.serialNumber}: ${counted(ports.length, 'port')} for ${counted(rows.length, 'row')}`;
    const identity = named.get(row) ?? take(row, next, why);
    return { row, identity, target, card: cardOf(row, options, images) };
  });
}

function allOf(target: BoardTarget, bench: Pick<Bench, 'listed'>): readonly string[] {
  if (target === 'uf2') return mountedDrives();
  return bench.listed.filter(({ vendorId }) => vendorId !== undefined).map(({ path }) => path);
}

/** A board that is flashed twice at once is flashed wrongly. @throws {CannotRun} */
function refuseSameDevice(ports: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const port of ports) {
    const device = existsSync(port) ? realpathSync(port) : port;
    const other = seen.get(device);
    if (other !== undefined) throw new CannotRun(`${other} and ${port} are one port: name it once`);
    seen.set(device, port);
  }
}

function cardOf(
  row: BatchRow,
  options: Pick<BatchOptions, 'image' | 'profile' | 'list' | 'firmware'>,
  images: Map<string, FlashImage>,
): BatchJob['card'] {
  const path = row.image ?? (row.profile === null ? options.image : null);
  const where = `${options.list}, line ${row.line}`;
  const hasCard = path !== null || row.profile !== null || options.profile !== null;
  if (options.firmware !== undefined && hasCard && options.firmware.program.cardAt === null) {
    throw new CannotRun(`${where}: where in the flash does the card go? say it with --card-at`);
  }
  if (path !== null) {
    const known = images.get(path) ?? readFlashImage(path, row.profile ?? options.profile);
    images.set(path, known);
    return known;
  }
  const profile = row.profile ?? options.profile;
  if (profile !== null) return { profile };
  if (options.firmware !== undefined) return null;
  throw new CannotRun(`${where}: which card? name one in the column profile or image, or with --image or --profile`);
}

/** What a batch was begun with. */
export function planOf(text: string, options: BatchOptions, names: ImageNames): BatchPlan {
  const { image, profile, boards, firmware, cardSerials, cardUids } = options;
  const target = firmware?.target ?? 'pn532';
  return {
    list: createHash('sha256').update(text).digest('hex'),
    image,
    profile,
    boards: boards === 'all' ? 'all' : boards.map((port) => `${target}:${port}`).join(','),
    ...(firmware === undefined ? {} : { firmware: firmwarePlan(firmware, names) }),
    ...(cardSerials === undefined ? {} : { cardSerials: rangeInWords(cardSerials) }),
    ...(cardUids === undefined ? {} : { cardUids: rangeInWords(cardUids) }),
  };
}

function rangeInWords({ first, last }: SerialRange): string {
  return `${toHex(first)}-${toHex(last)}`;
}

/** What must be the same when a batch is resumed. */
function firmwarePlan({ target, program }: BatchFirmware, names: ImageNames): string {
  const { imageName } = firmwareOf(program.firmware, names);
  return JSON.stringify({ target, imageName, cardAt: program.cardAt, chip: program.chip });
}
