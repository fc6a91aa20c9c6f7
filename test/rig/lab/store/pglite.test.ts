import { labContract } from './lab-contract.ts';

labContract('the lab on PGlite', () => null);
