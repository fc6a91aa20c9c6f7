import { join } from 'node:path';
import type * as Fingerprint from '../../../scripts/fingerprint.mjs';
import type * as SetupPlan from '../../../scripts/setup-plan.mjs';
import { cureOf, hasPackage, installationOf } from '../../../src/hal/system/installation.ts';
import type { Check, Finding } from '../check.ts';
import type { Machine } from '../machine.ts';

/** The package itself: Node, the build, and what the set-up installs. */

/** As package.json says in `engines`. */
const OLDEST_NODE = 20;

export const nodeCheck: Check = {
  id: 'node',
  title: 'Node.js',
  timeoutMs: 1000,
  async look(machine) {
    const major = Number(/^v(\d+)\./.exec(machine.nodeVersion)?.[1] ?? 0);
    if (major >= OLDEST_NODE) return { verdict: 'pass', detail: machine.nodeVersion };
    return {
      verdict: 'fail',
      detail: `${machine.nodeVersion} is too old`,
      cure: `install Node ${OLDEST_NODE} or later`,
    };
  },
};

export const buildCheck: Check = {
  id: 'build',
  title: 'Build',
  timeoutMs: 10_000,
  async look(machine) {
    // In a checkout the build alone is wanting.
    const installed = installationOf(machine.packageRoot, machine.exists);
    const cure = installed === 'checkout' ? 'npm run build' : cureOf({ is: 'broken' }, installed);
    if (!machine.exists(join(machine.packageRoot, 'dist', 'rig', 'command', 'main.js'))) {
      return { verdict: 'fail', detail: 'dist/ is missing', cure };
    }
    const fingerprint = (await machine.load(join('scripts', 'fingerprint.mjs'))) as typeof Fingerprint | null;
    if (fingerprint === null || !machine.exists(join(machine.packageRoot, 'src'))) {
      return { verdict: 'pass', detail: 'an installed package, without its sources' };
    }
    const stamp = machine.readText(join(machine.packageRoot, fingerprint.BUILD_STAMP));
    const built = stamp === null ? null : (JSON.parse(stamp) as { sources: string }).sources;
    if (built === fingerprint.sourcesFingerprint(machine.packageRoot)) {
      return { verdict: 'pass', detail: 'built from the sources as they are' };
    }
    return { verdict: 'warn', detail: 'dist/ was built from other sources than those here', cure };
  },
};

export const packagesCheck: Check = {
  id: 'packages',
  title: 'Debian packages',
  timeoutMs: 10_000,
  async look(machine) {
    const plan = (await machine.load(join('scripts', 'setup-plan.mjs'))) as typeof SetupPlan | null;
    if (plan === null) return { verdict: 'info', detail: 'not checked: this is not a checkout' };
    const wanted = plan.wantedPackages('test', machine.exists(nativeModule(machine)));
    const names = wanted.map((each) => each.name);
    const ran = await machine.run('dpkg-query', plan.statusQuery(wanted), 8000);
    if (ran.outcome === 'absent') return { verdict: 'info', detail: 'not checked: this is not a Debian system' };
    if (ran.outcome === 'killed') return { verdict: 'warn', detail: 'dpkg-query did not answer' };
    const missing = plan.missingPackages(wanted, ran.stdout);
    if (missing.length === 0) return { verdict: 'pass', detail: names.join(', ') };
    return {
      verdict: 'warn',
      detail: `missing: ${missing.map((each) => `${each.name} (${each.purpose})`).join(', ')}`,
      cure: `apt-get install --no-install-recommends ${missing.map((each) => each.name).join(' ')}`,
      data: { missing: missing.map((each) => each.name) },
    };
  },
};

/** The first of the two ways to PC/SC. Without it the other serves, so that nothing is lost but an ACR122 as a board. */
export const nfcPcscCheck: Check = {
  id: 'nfc-pcsc',
  title: 'nfc-pcsc (PC/SC readers)',
  timeoutMs: 20_000,
  async look(machine): Promise<Finding> {
    const where = installationOf(machine.packageRoot, machine.exists);
    const cure = cureOf({ is: 'unfit', name: '@pokusew/pcsclite' }, where);
    const ran = await machine.probe('load', 15_000);
    if (ran.outcome === 'exited' && ran.exitCode === 0) return { verdict: 'pass', detail: 'loads' };
    if (ran.outcome !== 'exited') return { verdict: 'warn', detail: 'crashes when it is loaded', cure };
    if (!hasPackage(machine.packageRoot, 'nfc-pcsc', machine.exists)) {
      const install = cureOf({ is: 'missing', name: 'nfc-pcsc' }, where);
      return { verdict: 'warn', detail: 'not installed: an ACR122 as a board needs it', cure: install };
    }
    return { verdict: 'warn', detail: `does not load: ${firstLine(ran.stderr)}`, cure };
  },
};

export const pcscFfiCheck: Check = {
  id: 'pcsc-ffi',
  title: 'PC/SC by FFI (koffi)',
  timeoutMs: 20_000,
  async look(machine, earlier): Promise<Finding> {
    const ran = await machine.probe('load-ffi', 15_000);
    const first = earlier.get('nfc-pcsc')?.verdict === 'pass';
    if (ran.outcome === 'exited' && ran.exitCode === 0) {
      return { verdict: 'pass', detail: first ? 'loads; nfc-pcsc is used first' : 'loads, and serves --reader pcsc' };
    }
    const detail = ran.outcome === 'exited' ? firstLine(ran.stderr) : 'crashes when it is loaded';
    // One of the two is enough.
    if (first) return { verdict: 'info', detail };
    const where = installationOf(machine.packageRoot, machine.exists);
    const library = where !== 'checkout' && /libpcsclite\S* is not installed/.test(detail);
    const cure = library ? 'apt-get install libpcsclite1' : cureOf({ is: 'missing', name: 'koffi' }, where);
    return { verdict: 'fail', detail, cure };
  },
};

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}

function nativeModule(machine: Machine): string {
  return join(machine.packageRoot, 'node_modules', '@pokusew', 'pcsclite', 'build', 'Release', 'pcsclite.node');
}
