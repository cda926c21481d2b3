import { describeWithMariadb } from '../../../support/mariadb.js';
import { Mysql2World } from './support/mysql2-world.js';
import { poolContract } from './support/pool-contract.js';

describeWithMariadb('a pool of mysql2 connections', (fixture) => {
  poolContract(() => new Mysql2World(fixture.db));
});
