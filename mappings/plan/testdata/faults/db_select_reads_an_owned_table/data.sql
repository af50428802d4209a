create table R (co CHAR(2), id VARCHAR(10), cus VARCHAR(10), note TEXT);
