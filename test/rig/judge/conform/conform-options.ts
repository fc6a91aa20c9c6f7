import type { ConformOptions } from '../../../../rig/judge/conform/options.ts';

/** What `vitap conform` is asked when nothing is asked for: ISO/IEC 7816-4, the first PC/SC reader, no report in a file. */
export function conformOptions(more: Partial<ConformOptions>): ConformOptions {
  return {
    suite: 'iso7816-4',
    reader: { driver: 'pcsc', name: null },
    card: null,
    interface: null,
    declare: null,
    only: null,
    list: false,
    coverage: false,
    destructive: false,
    json: null,
    junit: null,
    html: null,
    timeoutMs: 10_000,
    ...more,
  };
}
