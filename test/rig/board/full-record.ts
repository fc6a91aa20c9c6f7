import { judgeMeasurement } from '../../../rig/board/measurement.ts';
import type { PhaseResult } from '../../../rig/board/phase.ts';
import type { BoardRecord } from '../../../rig/board/record.ts';
import { identifyBoard } from '../../../rig/endpoint/board-identity.ts';
import { noRepairs } from '../../../src/hal/pn532/repairs.ts';

/** A record as long as those of real boards: 13 phases, 38 measurements, both figures, something drifted; one failed. */
export function fullRecord(): BoardRecord {
  const rates = [115_200, 230_400, 460_800, 921_600];
  const series = rates.map((rate) => ({ id: `echo-${rate}`, what: 'Echo', unit: 'ms', values: [3, 4, 5, 9] }));
  const phases = Array.from({ length: 12 }, (_, i) => phase(`phase-${i}`, `Phase number ${i + 1} of the board`, 3, 4));
  const roundTrip = phase('round-trip', 'Round-trip time', 2, 60);
  return {
    schema: 'vitap-board-test',
    schemaVersion: 1,
    verdict: 'fail',
    backend: 'hardware',
    complete: true,
    board: { name: 'pn532:/dev/ttyUSB0', identity: identifyBoard('/dev/ttyUSB0', []), serialNumber: 'B-0001' },
    partner: 'pn532:/dev/ttyUSB1',
    station: { host: 'bench3', machine: 'a processor with a long name', system: 'Linux 6.1.0' },
    operator: 'A. Tester',
    program: 'vitap 0.1.0',
    commit: '0123456789ab',
    node: 'v20.0.0',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:01:12.500Z',
    phases: [
      ...phases.map((each, i) => (i === 5 ? { ...each, series } : each)),
      {
        ...roundTrip,
        verdict: 'fail',
        reason: 'Median: 60 ms',
        series: [
          {
            id: 'round-trip',
            what: 'Round trip',
            unit: 'ms',
            values: Array.from({ length: 200 }, (_, i) => 50 + (i % 20)),
          },
        ],
      },
    ],
    stationLimits: null,
    comparison: [
      {
        phase: 'round-trip',
        id: 'round-trip-0',
        what: 'Median',
        unit: 'ms',
        value: 60,
        median: 4,
        earlier: 3,
        change: 14,
        drifted: true,
      },
    ],
  };
}

function phase(id: string, title: string, measurements: number, value: number): PhaseResult {
  const plans = Array.from({ length: measurements }, (_, i) => ({
    id: `${id}-${i}`,
    what: `Measurement ${i + 1}, with as many words as usual`,
    unit: 'ms',
    limits: { max: 50 },
  }));
  return {
    id,
    title,
    verdict: 'pass',
    reason: '',
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 1,
    repairs: noRepairs(),
    lateness: null,
    measurements: plans.map((plan) => judgeMeasurement(plan, value)),
    series: [],
  };
}
