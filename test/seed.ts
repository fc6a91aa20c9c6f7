import fc from 'fast-check';

/**
 * Random tests draw the same cases in every run, so that a change is judged by what it changed.
 * VITAP_SEED=N draws others; VITAP_SEED=random, as `npm run test:deep` sets it, draws new ones each time
 * (a failure prints the seed that gives it again).
 */
const asked = process.env.VITAP_SEED ?? '20251118';
if (asked !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(asked) });
