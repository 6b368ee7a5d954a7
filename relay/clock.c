typedef int room_to_come;
