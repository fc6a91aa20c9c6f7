import loaded, { type Builder, type TestCase } from 'junit-report-builder';

/** The package's types describe an ES module; what a CommonJS import gives is the builder itself. */
const reportBuilder = loaded as unknown as Builder;

/** An empty JUnit report. */
export function junitReport(): Builder {
  return reportBuilder.newBuilder();
}

/**
 * A test that was not run, with the reason as every reader of JUnit shows it: `<skipped message="…"/>`. The package knows no
 * message, and writes the element when the whole report is built.
 */
export function skipBecause(test: TestCase, reason: string): void {
  test.skipped();
  if (reason === '') return;
  const build = test.build.bind(test);
  test.build = (parent) => {
    const element = build(parent);
    const skipped = element.children.find((each) => (each as { readonly name?: unknown }).name === 'skipped');
    skipped?.attribute('message', reason);
    return element;
  };
}

/**
 * A time as `timestamp` has it: UTC, to the second, without a zone, which JUnit's schema does not allow. The package
 * would write a `Date` in the zone of this machine.
 * @param iso ISO 8601, UTC
 */
export function junitTimestamp(iso: string): string {
  return new Date(iso).toISOString().slice(0, 19);
}

/** Milliseconds as `time` has them: seconds, to the microsecond; what JUnit's readers parse has no exponent. */
export function junitSeconds(ms: number): number {
  return Math.round(ms * 1000) / 1_000_000;
}
