import { plansContract } from './plans-contract.ts';

plansContract('plans of the lab on PGlite', () => null);
