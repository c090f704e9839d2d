import { testParts } from './parts.ts';

/* Before each test file: names the parts of its lane by the variables that Slipway itself reads. */
const { dockerHost, redisUrl, registryHost } = testParts();
process.env['DOCKER_HOST'] = dockerHost;
process.env['REDIS_URL'] = redisUrl;
process.env['SLIPWAY_REGISTRY'] = registryHost;
process.env['SLIPWAY_REGISTRY_INSECURE'] = '1';
