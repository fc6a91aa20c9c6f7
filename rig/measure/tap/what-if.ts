import { activationAirNs, exchangesAirNs } from './air.ts';
import { PLAIN_AIR } from './floor.ts';
import { serialNs } from './meter.ts';
import type { AirParameters, LinkParameters, TapShape, WhatIfChange } from './result.ts';
import { BAUD_RATES, RATES } from './what-if-option.ts';

function airAfter(change: WhatIfChange, air: AirParameters | null): AirParameters | null {
  const { rate, fsd, fsc } = change;
  if (air === null && rate === undefined && fsd === undefined && fsc === undefined) return null;
  // A tap in process goes over no air: it is put there.
  const before = air ?? PLAIN_AIR;
  return {
    ...before,
    rateToCard: rate ?? before.rateToCard,
    rateToReader: rate ?? before.rateToReader,
    fsd: fsd ?? before.fsd,
    fsc: fsc ?? before.fsc,
  };
}

/** What air and serial line of a tap of this shape take, by the model. */
function modelledNs(shape: TapShape, link: LinkParameters): { readonly air: number; readonly serial: number } {
  const bytes = shape.exchanges.reduce((sum, each) => sum + each.serialBytes, shape.activationSerialBytes);
  return {
    air: link.air === null ? 0 : activationAirNs(link.air) + exchangesAirNs(shape.exchanges, link.air),
    serial: link.baudRate === null ? 0 : serialNs(bytes, link.baudRate),
  };
}

/** Time that a change adds on the air and on the serial line; negative where it saves time. */
export interface Shift {
  readonly air: number;
  readonly serial: number;
}

/**
 * Air and serial line of a tap of this shape as the model has them after a change; all else stays. What a reader does
 * itself at another rate, and bytes of PPS on the serial line, are not known and not in it.
 */
export function shiftOf(shape: TapShape, link: LinkParameters, change: WhatIfChange): Shift {
  const before = modelledNs(shape, link);
  const after = modelledNs(shape, { air: airAfter(change, link.air), baudRate: change.baud ?? link.baudRate });
  return { air: after.air - before.air, serial: after.serial - before.serial };
}

/** Rows that every result has: what could be changed on such a link. */
export function standardWhatIfs(link: LinkParameters): readonly WhatIfChange[] {
  const rates = RATES.map((rate) => ({ rate }));
  const large: WhatIfChange = { rate: 848, fsd: 256, fsc: 256 };
  const bauds = link.baudRate === null ? [] : BAUD_RATES.map((baud) => ({ baud }));
  const all = link.baudRate === null ? [] : [{ ...large, baud: 921_600 }];
  return [...rates, { fsd: 256, fsc: 256 }, large, ...bauds, ...all];
}
