// Starts a database and says where it is; then ends as the tests demand.
import { pathToFileURL } from 'node:url';

const { startDatabase } = await import(pathToFileURL(process.argv[2]).href);
const { socketPath } = await startDatabase({ prefer: 'mariadb' });
process.on('message', () => process.exit(3));
console.log(JSON.stringify({ socketPath }));
