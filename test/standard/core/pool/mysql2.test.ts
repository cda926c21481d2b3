import { describeWithMariadb } from '../../../support/mariadb.js';
import { poolContract } from './contract/pool-contract.js';
import { Mysql2World } from './support/mysql2-world.js';

describeWithMariadb('a pool of mysql2 connections', (fixture) => {
  poolContract(() => new Mysql2World(fixture.db));
});
