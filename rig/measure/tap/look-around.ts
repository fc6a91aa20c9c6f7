import { realpathSync } from 'node:fs';
import { HalError } from '../../../src/hal/errors.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { isVirtualReader } from '../../../src/hal/vpcd/reader-name.ts';
import type { CommandIo } from '../../console/io.ts';
import type { Machine } from '../../doctor/machine.ts';
import { type ReaderChoice, readerDriver } from '../../endpoint/readers.ts';
import { calibrate } from './calibration.ts';
import * as look from './diagnosis.ts';
import { echoInProcess, echoOfChip, echoThroughVpcd } from './echo.ts';
import { Pn532Source } from './pn532-source.ts';
import type { DiagnosisFinding, Figures } from './result.ts';
import type { RecordedTap } from './run.ts';
import type { TapSource } from './source.ts';

const PINGPONG = '/proc/sys/net/ipv4/tcp_pingpong_thresh';

/** Before the run: what may spoil it. */
export async function lookAround(
  reader: ReaderChoice,
  source: TapSource,
  machine: Machine,
  io: CommandIo,
): Promise<DiagnosisFinding[]> {
  // PC/SC knows its reader only when a card was seen in it.
  await source.prepare();
  const driver = readerDriver(reader);
  const calibration = calibrate(systemClock);
  const findings = [
    look.versions(machine.nodeVersion, driver.needs.includes('pcscd') ? await pcscd(machine) : null),
    look.governor(machine),
    look.noise(calibration),
    look.clockCost(calibration),
    look.polling(driver.polling(source.reader)),
  ];
  if (source.backend === 'simulated') findings.push(look.simulated());
  const port = driver.serialPort?.(reader);
  if (port !== undefined) findings.push(look.ftdiLatency(machine, devicePath(port)));
  try {
    if (source instanceof Pn532Source) {
      const echo = await echoOfChip(source.connection.chip, systemClock);
      findings.push(look.echoFinding(echo, source.link));
    } else if (driver.ourCards === 'in process') {
      findings.push(look.echoFinding(await echoInProcess(systemClock), source.link));
    } else if (isVirtualReader(source.reader)) {
      const echo = await echoThroughVpcd(systemClock, io.signal);
      findings.push(look.echoFinding(echo, source.link), look.vpcdDelay(echo, pingpong(machine)));
    } else {
      findings.push(look.noEcho('a real reader takes no echo card'));
    }
  } catch (error) {
    if (!(error instanceof HalError)) throw error;
    findings.push(look.noEcho(error.message));
  }
  return findings;
}

/** After the run: what only the figures tell. */
export function lookBack(
  figures: Figures | null,
  taps: readonly RecordedTap[],
  source: TapSource,
  machine: Machine,
  before: readonly DiagnosisFinding[],
): DiagnosisFinding[] {
  if (figures === null) return [];
  const findings = [look.modelFinding(figures)];
  if (isVirtualReader(source.reader) && !before.some(({ id }) => id === 'vpcd-delay')) {
    const delay = look.vpcdDelayInTaps(figures, pingpong(machine));
    if (delay !== null) findings.push(delay);
  }
  if (isVirtualReader(source.reader)) {
    const good = taps.filter(({ failure }) => failure === null);
    const stalls = look.vpcdStalls(good.map(({ exchanges }) => exchanges));
    if (stalls !== null) findings.push(stalls);
  }
  return findings;
}

function pingpong(machine: Machine): string | null {
  return machine.readText(PINGPONG)?.trim() ?? null;
}

async function pcscd(machine: Machine): Promise<string | null> {
  const program = machine.findProgram('pcscd');
  if (program === null) return null;
  const ran = await machine.run(program, ['--version'], 3000);
  return /version (\d+(?:\.\d+)+)/.exec(ran.stdout)?.[1] ?? null;
}

/** sysfs knows devices, not links to them. */
function devicePath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
