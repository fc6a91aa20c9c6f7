import { describe } from 'vitest';
import { benchesContract } from './benches-contract.ts';
import { blobsContract } from './blobs-contract.ts';
import { campaignsContract } from './campaigns-contract.ts';
import { casesContract } from './cases-contract.ts';
import { leasesContract } from './leases-contract.ts';
import { resultsContract } from './results-contract.ts';
import { statementsContract } from './statements-contract.ts';
import { storeInTest } from './store-in-test.ts';

/** What the lab keeps, and that it loses and doubles nothing, on whatever database. */
export function labContract(name: string, url: () => string | null): void {
  describe(name, () => {
    const lab = storeInTest(url);
    campaignsContract(lab);
    leasesContract(lab);
    benchesContract(lab);
    resultsContract(lab);
    casesContract(() => lab.store);
    blobsContract(lab);
    statementsContract(lab);
  });
}
