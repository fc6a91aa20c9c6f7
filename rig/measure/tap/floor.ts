import { activationAirNs, exchangesAirNs, FLOOR_FRAME_SIZES } from './air.ts';
import { serialNs } from './meter.ts';
import type { AirParameters, Floor, FloorRow, TapShape } from './result.ts';
import { BAUD_RATES, RATES } from './what-if-option.ts';

/** What the floor takes for a card that went over no air: a single-size UID, and an ATS without historical bytes. */
export const PLAIN_AIR: AirParameters = {
  rateToCard: 106,
  rateToReader: 106,
  fsc: 256,
  fsd: 256,
  uidLength: 4,
  atsLength: 5,
  source: 'assumed',
};

/**
 * The least that these bytes take: each frame, the shortest answer delay and the shortest silence, and no work at all.
 * @param air null for a tap that went over no air: as if it had
 * @param serial whether there is a serial line
 */
export function floorOf(shape: TapShape, air: AirParameters | null, serial: boolean): Floor {
  const { exchanges } = shape;
  const rows: FloorRow[] = [];
  for (const frameSize of frameSizes(air)) {
    for (const rate of RATES) {
      const at = { ...(air ?? PLAIN_AIR), rateToCard: rate, rateToReader: rate, fsc: frameSize, fsd: frameSize };
      const activationNs = activationAirNs(at);
      const exchangesNs = exchangesAirNs(exchanges, at);
      rows.push({ rate, frameSize, activationNs, exchangesNs, totalNs: activationNs + exchangesNs });
    }
  }
  const serialBytes = exchanges.reduce((sum, each) => sum + each.serialBytes, shape.activationSerialBytes);
  return {
    exchanges: exchanges.length,
    sentBytes: exchanges.reduce((sum, each) => sum + each.sentBytes, 0),
    receivedBytes: exchanges.reduce((sum, each) => sum + each.receivedBytes, 0),
    air: rows,
    serial: serial ? BAUD_RATES.map((baudRate) => ({ baudRate, totalNs: serialNs(serialBytes, baudRate) })) : [],
  };
}

/** The usual ones, and those that were used. */
function frameSizes(air: AirParameters | null): readonly number[] {
  const used = air === null ? [] : [air.fsc, air.fsd];
  return [...new Set([...FLOOR_FRAME_SIZES, ...used])].sort((a, b) => a - b);
}

/** The least of all: the fastest rate, the largest frame, the fastest line. */
export function leastNs(floor: Floor): number {
  const air = Math.min(...floor.air.map((row) => row.totalNs));
  const serial = floor.serial.length === 0 ? 0 : Math.min(...floor.serial.map((row) => row.totalNs));
  return air + serial;
}
