import { describe, expect, it } from 'vitest';
import { READERS } from '../../../../rig/endpoint/readers.ts';
import { spreadOf } from '../../../../rig/measure/tap/calibration.ts';
import * as look from '../../../../rig/measure/tap/diagnosis.ts';
import type { DiagnosisFinding, Schedule } from '../../../../rig/measure/tap/result.ts';
import { fakeMachine } from '../../doctor/fake-machine.ts';

const MS = 1_000_000;
const echo = (medianNs: number) => ({ what: 'echo card', medianNs, count: 15, bytes: 28 });
const TIMER = '/sys/bus/usb-serial/devices/ttyUSB0/latency_timer';
const processors = (...kinds: readonly string[]) => {
  const files = kinds.map((kind, i) => [`/sys/devices/system/cpu/cpu${i}/cpufreq/scaling_governor`, `${kind}\n`]);
  return { ...fakeMachine({ files: Object.fromEntries(files) }), list: () => [...kinds.keys()].map((i) => `cpu${i}`) };
};
const steady = Float64Array.from({ length: 100 }, () => 1000);
const noisy = (slow: number, ns: number) => ({
  ...spreadOf(Float64Array.from({ length: 100 }, (_, i) => (i < slow ? ns : 1000))),
  clockNs: 50,
  clockStepNs: 40,
});
const fixed = (change: Partial<Schedule>): Schedule => ({
  arrivals: { kind: 'fixed', ratePerSecond: 10 },
  late: 0,
  worstLateNs: 0,
  load: 0.5,
  overloaded: false,
  ...change,
});

/** Title, finding, verdict, words in the detail, words in the cure. */
type Row = [string, DiagnosisFinding, DiagnosisFinding['verdict'], string, string?];

describe('what is said of machine and link', () => {
  const rows: Row[] = [
    ['a delayed vpcd', look.vpcdDelay(echo(44.1 * MS), '1'), 'distrust', '44 ms defect', 'tcp_pingpong_thresh=255'],
    ['a delayed vpcd, old kernel', look.vpcdDelay(echo(44 * MS), null), 'distrust', '44 ms', 'private-pcscd.sh'],
    ['a cured vpcd', look.vpcdDelay(echo(0.3 * MS), '255'), 'fine', '300 µs'],
    ['no FTDI', look.ftdiLatency(fakeMachine({}), '/dev/ttyACM0'), 'fine', 'no latency timer'],
    [
      'FTDI as it comes',
      look.ftdiLatency(fakeMachine({ files: { [TIMER]: '16\n' } }), '/dev/ttyUSB0'),
      'distrust',
      'up to 16 ms',
      `echo 1 > ${TIMER}`,
    ],
    ['FTDI set right', look.ftdiLatency(fakeMachine({ files: { [TIMER]: '1\n' } }), '/dev/ttyUSB0'), 'fine', '1 ms'],
    ['no governor in sight', look.governor(processors()), 'note', 'does not say'],
    ['governor performance', look.governor(processors('performance', 'performance')), 'fine', 'performance'],
    ['governors apart', look.governor(processors('performance', 'powersave')), 'note', 'powersave', 'cpupower'],
    ['a quiet machine', look.noise({ ...spreadOf(steady), clockNs: 50, clockStepNs: 40 }), 'fine', '1.0 µs'],
    // 5 of 100 take 5 µs: 20 µs of 120 are over the median.
    ['some noise', look.noise(noisy(5, 5000)), 'note', '17 % of the time went elsewhere'],
    ['a busy machine', look.noise(noisy(11, 1500)), 'distrust', 'busy', 'end what else runs'],
    // 5 of 100 take 21 µs: half of it all.
    ['a machine that is elsewhere', look.noise(noisy(5, 21_000)), 'distrust', 'busy'],
    ['a coarse clock', look.clockCost({ ...noisy(0, 0), clockStepNs: 15_000 }), 'note', 'steps by 15000 ns'],
    ['no schedule', look.scheduleFinding(fixed({ arrivals: { kind: 'closed' } }), 100), 'note', 'coordinated omission'],
    ['a schedule kept', look.scheduleFinding(fixed({}), 100), 'fine', 'on time'],
    ['a schedule late', look.scheduleFinding(fixed({ late: 7, worstLateNs: 80 * MS }), 100), 'note', '7 of 100'],
    [
      'a schedule too fast',
      look.scheduleFinding(fixed({ load: 2, overloaded: true }), 100),
      'distrust',
      'queue grows',
      '--rate under 5',
    ],
    ['one tap', look.sampleSize(1), 'note', '1 tap: p99 and p99.9'],
    ['some taps', look.sampleSize(100), 'note', '100 taps: p99.9 cannot'],
    ['many taps', look.sampleSize(1000), 'fine', '1000 taps'],
  ];

  it.each(rows)('%s', (_title, finding, verdict, words, cure) => {
    expect(finding.verdict).toBe(verdict);
    expect(finding.detail).toContain(words);
    if (cure !== undefined) expect(finding.cure).toContain(cure);
  });

  it.each([
    ['loopback', 'loopback', 'fine', 'nothing polls'],
    ['pcsc', 'ACS ACR122U 00 00', 'note', 'by itself'],
    ['pcsc', 'Virtual PCD 00 00', 'note', 'pcscd asks vpcd every 400 ms'],
    ['pn532', 'pn532:/dev/ttyUSB0', 'fine', 'when it is told to'],
    ['acr122', 'acr122:ACS', 'fine', 'switched off'],
  ] as const)('how %s polls in %s', (driver, reader, verdict, words) => {
    const finding = look.polling(READERS[driver].polling(reader));
    expect(finding).toMatchObject({ id: 'reader-polling', verdict });
    expect(finding.detail).toContain(words);
  });

  it('an echo over a serial line says what of it the bytes take', () => {
    const link = { air: null, baudRate: 115_200 };
    // 28 bytes are 2.43 ms.
    expect(look.echoFinding(echo(3 * MS), link).detail).toContain('of which the bytes take 2.43 ms');
  });

  /** Taps of four exchanges of 0.2 ms; so many of them hold one of that length. */
  const viaVpcd = (taps: number, stalled: number, ns: number) =>
    Array.from({ length: taps }, (_, i) =>
      [0.2 * MS, 0.2 * MS, i < stalled ? ns : 0.2 * MS, 0.2 * MS].map((each) => ({ startNs: 0, endNs: each })),
    );

  it.each([
    ['now and then', viaVpcd(100, 3, 44 * MS), 'note', '3 of 100 taps'],
    ['in most taps', viaVpcd(100, 60, 42 * MS), 'distrust', 'the median too'],
  ] as const)('the delay of vpcd %s, though its median exchange is quick', (_, taps, verdict, words) => {
    const finding = look.vpcdStalls(taps);
    expect(finding).toMatchObject({ id: 'vpcd-stalls', verdict });
    expect(finding?.detail).toContain(words);
  });

  it.each([
    ['never', viaVpcd(100, 0, 0)],
    ['in every exchange: that is said already', [[{ startNs: 0, endNs: 44 * MS }]]],
    ['nor anything else that is slow', viaVpcd(100, 5, 900 * MS)],
    ['no tap was good', []],
  ])('no stalls of vpcd: %s', (_, taps) => expect(look.vpcdStalls(taps)).toBeNull());

  it('one finding to distrust is enough', () => {
    const fine = look.sampleSize(1000);
    expect(look.diagnosisOf([fine, look.sampleSize(1)]).trusted).toBe(true);
    expect(look.diagnosisOf([fine, look.vpcdDelay(echo(44 * MS), '1')]).trusted).toBe(false);
  });
});
