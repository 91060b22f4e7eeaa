module example.org/inn

go 1.20
