import { HalError } from '../errors.ts';

/** Why a first connection to vpcd could not be made, for a person. */
export function refusal(host: string, port: number, failure: NodeJS.ErrnoException | null): HalError {
  const options = { cause: failure };
  switch (failure?.code) {
    case 'EACCES':
    case 'EPERM':
      return new HalError('permission', `this system does not let us connect to ${host}:${port}`, options);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new HalError('no-port', `no host is called "${host}"`, options);
    case 'ECONNREFUSED':
      return new HalError(
        'no-port',
        `nobody listens on ${host} port ${port}: is pcscd running, with its vpcd driver (Debian: vsmartcard-vpcd)?`,
        options,
      );
    default: {
      const reason = failure === null ? 'it closed the connection' : (failure.code ?? failure.message);
      return new HalError('no-port', `no vpcd could be reached on ${host} port ${port}: ${reason}`, options);
    }
  }
}
