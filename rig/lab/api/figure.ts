/** Every figure that a bench reports, with its unit; empty: a count, a version, bits, or yes (1) and no (0). */
const UNITS = {
  'cases.pass': '',
  'cases.fail': '',
  'cases.not-applicable': '',
  traces: '',
  'traces.failed': '',
  taps: '',
  'taps.failed': '',
  'taps.trusted': '',
  'tap.p50.ms': 'ms',
  'tap.p90.ms': 'ms',
  'tap.max.ms': 'ms',
  exchanges: '',
  'flash.ms': 'ms',
  blocks: '',
  'pages.erased': '',
  'pages.kept': '',
  'bytes.written': 'bytes',

  // The bring-up of a PN532, as its phases announce them.
  'wake-up-time': 'ms',
  ic: '',
  firmware: '',
  support: '',
  'line-echoes': '',
  'line-errors': '',
  'line-longest': 'bytes',
  'antenna-self-test': '',
  'antenna-over': 'mA',
  'antenna-under': 'mA',
  'register-errors': '',
  'register-bits': '',
  'gpio-p3': '',
  'gpio-p7': '',
  'interface-pins': '',
  'errors-115200': '%',
  'errors-230400': '%',
  'errors-460800': '%',
  'errors-921600': '%',
  'throughput-115200': 'B/s',
  'throughput-230400': 'B/s',
  'throughput-460800': 'B/s',
  'throughput-921600': 'B/s',
  'round-trips': '',
  'round-trips-lost': '',
  'round-trip-wire': 'ms',
  'round-trip-p50': 'ms',
  'round-trip-p90': 'ms',
  'round-trip-p99': 'ms',
  'round-trip-max': 'ms',
  'held-back': 'ms',
  'held-back-p10': 'ms',
  'latency-timer': 'ms',
  'tap-as-card-exchanges': '',
  'tap-as-card-wrong': '',
  'tap-as-card-p50': 'ms',
  'tap-as-reader-exchanges': '',
  'tap-as-reader-wrong': '',
  'tap-as-reader-p50': 'ms',
  'sleep-time': 'ms',

  // The bring-up of a board with our firmware.
  'boot-time': 'ms',
  'clock-deviation': '%',
  'ram-tested': 'bytes',
  'ram-wrong': '',
  'flash-pages': '',
  'flash-bad': '',
  'echo-wrong': '',
  'echo-longest': 'ms',
  'host-lost': 'bytes',
  'chip-lost': 'bytes',
  'tap-time': 'ms',
  'tap-firmware': 'ms',
} as const;

export type FigureName = keyof typeof UNITS;
export type FigureUnit = (typeof UNITS)[FigureName];
export const FIGURES: readonly FigureName[] = Object.keys(UNITS) as FigureName[];
/** Figures of one result, as a bench of this version names them. */
export type Figures = Readonly<Partial<Record<FigureName, number>>>;

/** Unit of a figure by its name in a result; empty: it has none, or a bench of another version named it. */
export function figureUnit(name: string): FigureUnit {
  return Object.hasOwn(UNITS, name) ? UNITS[name as FigureName] : '';
}
